package dev.slipway.deploy.reconcile;

import dev.slipway.common.reconcile.Cleaning;
import dev.slipway.common.reconcile.Discrepancy;
import dev.slipway.common.reconcile.Janitor;
import dev.slipway.common.security.Internal;
import dev.slipway.deploy.domain.Applications;
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

/// What the other processes of the installation ask: never a user, and never through the gateway.
@Path("/internal")
@Internal
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class InternalResource {

  /// @param found   what exists without the ledger having it
  /// @param missing what the ledger has without it existing
  /// @param janitor `working`, or why it does not
  public record Orphans(
      String installation, String janitor, List<Orphan> found, List<Orphan> missing) {}

  /// @param removable whether the janitor will remove it by itself
  public record Orphan(
      String application,
      String kind,
      String name,
      String detail,
      String reason,
      boolean removable,
      Instant since) {}

  /// @param applications how many an organization has, in whatever state
  public record Usage(long applications) {}

  private final PlatformStop stop;
  private final Janitor janitor;
  private final Applications applications;
  private final Cleaning cleaning;

  @Inject
  InternalResource(
      PlatformStop stop, Janitor janitor, Applications applications, Cleaning cleaning) {
    this.cleaning = cleaning;
    this.stop = stop;
    this.janitor = janitor;
    this.applications = applications;
  }

  /// The platform is being stopped: nothing is restored any more, every executor is stopped, and
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

  /// @param subjects the applications of which something was found
  public record Wanted(
      @NotNull(message = "must be given") @Size(max = 1000, message = "must be at most 1000")
          List<
                  @NotNull(message = "must be identifiers of applications")
                  @Pattern(
                      regexp = "app_[0-9a-z]{26}",
                      message = "must be identifiers of applications")
                  String>
              subjects) {}

  /// Moves to the trash what is found of applications that are nobody's, each for itself.
  @POST
  @Path("orphans/clean")
  public List<Cleaning.Cleaned> clean(@NotNull(message = "must be given") @Valid Wanted body)
      throws SQLException, InterruptedException {
    return cleaning.clean(body.subjects());
  }

  /// Whether an organization still owns something, which keeps its last user from leaving it.
  @GET
  @Path("organizations/{id}/usage")
  public Usage usage(@PathParam("id") String organization) {
    return new Usage(applications.count(organization));
  }
}
