package dev.slipway.deploy.reconcile;

import dev.slipway.common.security.Internal;
import dev.slipway.deploy.domain.Applications;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.sql.SQLException;
import java.util.List;

/// What the other processes of the installation ask: never a user, and never through the gateway.
@Path("/internal")
@Internal
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class InternalResource {

  /// @param found what exists without the ledger having it
  public record Orphans(List<Stocktaking.Orphan> found) {}

  /// @param applications how many an organization has, in whatever state
  public record Usage(long applications) {}

  private final PlatformStop stop;
  private final Stocktaking stocktaking;
  private final Applications applications;

  @Inject
  InternalResource(PlatformStop stop, Stocktaking stocktaking, Applications applications) {
    this.stop = stop;
    this.stocktaking = stocktaking;
    this.applications = applications;
  }

  /// The platform is being stopped: nothing is restored any more, every executor is stopped, and
  /// the answer comes when that is done or the time is over.
  @POST
  @Path("platform/stopping")
  public PlatformStop.Summary stopping() throws SQLException, InterruptedException {
    return stop.stop();
  }

  /// What exists and should not.
  @GET
  @Path("orphans")
  public Orphans orphans() throws SQLException, InterruptedException {
    return new Orphans(stocktaking.orphans());
  }

  /// Whether an organization still owns something, which keeps its last user from leaving it.
  @GET
  @Path("organizations/{id}/usage")
  public Usage usage(@PathParam("id") String organization) {
    return new Usage(applications.count(organization));
  }
}
