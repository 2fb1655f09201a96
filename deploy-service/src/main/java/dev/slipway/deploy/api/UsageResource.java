package dev.slipway.deploy.api;

import dev.slipway.common.security.Internal;
import dev.slipway.deploy.domain.Applications;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;

/// What account-service asks before somebody leaves an organization.
@Path("/internal/organizations")
@Internal
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class UsageResource {

  /// What an organization owns here.
  public record Usage(long applications) {}

  private final Applications applications;

  @Inject
  UsageResource(Applications applications) {
    this.applications = applications;
  }

  @GET
  @Path("{id}/usage")
  public Usage usage(@PathParam("id") String organization) {
    return new Usage(applications.count(organization));
  }
}
