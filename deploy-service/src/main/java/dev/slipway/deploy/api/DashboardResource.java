package dev.slipway.deploy.api;

import dev.slipway.common.error.ApiException;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;

/// The dashboards of the official command, which this platform does not have.
@Path("/v1alpha1/{org}")
@Produces(MediaType.APPLICATION_JSON)
public class DashboardResource {

  @GET
  @Path("dashboard")
  public Response url() {
    throw refusal();
  }

  @PUT
  @Path("dashboard")
  public Response launch() {
    throw refusal();
  }

  @DELETE
  @Path("dashboard")
  public Response delete() {
    throw refusal();
  }

  private static ApiException refusal() {
    return new ApiException(
        ApplicationErrors.NOT_SUPPORTED,
        "Slipway has no dashboards, type slipway status, app logs or ops list instead");
  }
}
