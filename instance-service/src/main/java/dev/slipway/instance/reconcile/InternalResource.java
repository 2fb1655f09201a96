package dev.slipway.instance.reconcile;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.slipway.common.reconcile.Cleaning;
import dev.slipway.common.reconcile.Discrepancy;
import dev.slipway.common.reconcile.Janitor;
import dev.slipway.common.security.Internal;
import dev.slipway.instance.persistence.Departures;
import dev.slipway.instance.persistence.InstanceView;
import dev.slipway.instance.persistence.InstanceViews;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the other processes of the installation ask: never a user, and never through the gateway.
@Path("/internal")
@Internal
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class InternalResource {

  /// What an organization owns here.
  public record Usage(long instances) {}

  /// One instance, whoever's it is.
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record InstanceSummary(
      String id,
      String organization,
      String name,
      String kind,
      String status,
      @Nullable String host,
      @Nullable Integer port,
      @Nullable String reason,
      @Nullable Instant observedAt) {

    static InstanceSummary of(InstanceView view) {
      var instance = view.instance();
      return new InstanceSummary(
          instance.id(),
          instance.organization(),
          instance.name(),
          instance.linked() ? "linked" : "provisioned",
          view.status().word(),
          instance.host(),
          instance.port(),
          view.reason(),
          view.observedAt());
    }
  }

  /// @param found   what exists without the ledger having it
  /// @param missing what the ledger has without it existing
  /// @param janitor `working`, or why it does not
  public record Orphans(
      String installation, String janitor, List<Orphan> found, List<Orphan> missing) {}

  /// @param removable whether the janitor will remove it by itself
  public record Orphan(
      String instance,
      String kind,
      String name,
      String detail,
      String reason,
      boolean removable,
      Instant since) {}

  private final Janitor janitor;
  private final PlatformStop stop;
  private final Departures departures;
  private final InstanceViews views;
  private final Cleaning cleaning;

  @Inject
  InternalResource(
      Janitor janitor,
      PlatformStop stop,
      Departures departures,
      InstanceViews views,
      Cleaning cleaning) {
    this.cleaning = cleaning;
    this.janitor = janitor;
    this.stop = stop;
    this.departures = departures;
    this.views = views;
  }

  /// The last member of an organization is about to leave it: if it owns nothing, nothing begins in
  /// it for the next minutes.
  @POST
  @Path("organizations/{id}/departure")
  public Usage departure(@PathParam("id") String organization) throws SQLException {
    return new Usage(departures.begin(organization));
  }

  @GET
  @Path("instances")
  public List<InstanceSummary> instances() throws SQLException {
    return views.all().stream().map(InstanceSummary::of).toList();
  }

  /// The platform is being stopped: nothing is repaired any more, every instance is stopped, and
  /// the answer comes when that is done or the time is over.
  @POST
  @Path("platform/stopping")
  public PlatformStop.Summary stopping() throws SQLException, InterruptedException {
    return stop.stop();
  }

  /// Where reality and the ledger disagree, each with since when.
  @GET
  @Path("orphans")
  public Orphans orphans() throws SQLException, InterruptedException {
    Janitor.Report report = janitor.report();
    return new Orphans(
        report.installation(),
        report.off().orElse("working"),
        orphans(report, Discrepancy.Side.FOUND),
        orphans(report, Discrepancy.Side.MISSING));
  }

  /// @param subjects the instances of which something was found
  public record Wanted(
      @NotNull(message = "must be given") @Size(max = 1000, message = "must be at most 1000")
          List<
                  @Pattern(
                      regexp = "ins_[0-9a-z]{26}",
                      message = "must be identifiers of instances")
                  String>
              subjects) {}

  /// Moves to the trash what is found of instances that are nobody's, each for itself.
  @POST
  @Path("orphans/clean")
  public List<Cleaning.Cleaned> clean(@NotNull(message = "must be given") @Valid Wanted body)
      throws SQLException, InterruptedException {
    return cleaning.clean(body.subjects());
  }

  private static List<Orphan> orphans(Janitor.Report report, Discrepancy.Side side) {
    return report.discrepancies().stream()
        .filter(known -> known.discrepancy().side() == side)
        .map(
            known ->
                new Orphan(
                    known.discrepancy().subject(),
                    known.discrepancy().resource().kind(),
                    known.discrepancy().resource().name(),
                    known.discrepancy().detail(),
                    known.discrepancy().reason(),
                    known.discrepancy().removable(),
                    known.since()))
        .toList();
  }
}
