package dev.slipway.deploy.api;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.database.Workflows;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.DatabaseAccesses;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Map;

/// What can be done to one workflow of an application.
@Path("/appsadmin/{org}")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class WorkflowChangesResource {

  private static final ErrorCode NEVER_DEPLOYED = new ErrorCode("application-never-deployed", 409);

  private final ApplicationRequests requests;
  private final DatabaseAccesses accesses;
  private final Workflows workflows;

  @Inject
  WorkflowChangesResource(
      ApplicationRequests requests, DatabaseAccesses accesses, Workflows workflows) {
    this.requests = requests;
    this.accesses = accesses;
    this.workflows = workflows;
  }

  /// Changes one of them.
  private interface Change {
    void of(DatabaseAccess access, String systemDatabase) throws DriverFailure;
  }

  @POST
  @Path("applications/{app}/workflows/{id}/cancel")
  public Response cancel(@PathParam("app") String name, @PathParam("id") String id) {
    return change(name, id, (access, database) -> workflows.cancel(access, database, id));
  }

  @POST
  @Path("applications/{app}/workflows/{id}/resume")
  public Response resume(@PathParam("app") String name, @PathParam("id") String id) {
    return change(name, id, (access, database) -> workflows.resume(access, database, id));
  }

  /// Begins a copy of it; the answer names the copy.
  @POST
  @Path("applications/{app}/workflows/{id}/restart")
  public Map<String, String> restart(@PathParam("app") String name, @PathParam("id") String id) {
    Application application = requests.existing(name);
    try {
      String copy = workflows.restart(access(application), application.systemDatabase(), id);
      return Map.of("workflow_id", copy);
    } catch (DriverFailure failure) {
      throw WorkflowsResource.refusal(name, id, failure);
    }
  }

  private Response change(String name, String id, Change change) {
    Application application = requests.existing(name);
    try {
      change.of(access(application), application.systemDatabase());
      return Response.noContent().build();
    } catch (DriverFailure failure) {
      throw WorkflowsResource.refusal(name, id, failure);
    }
  }

  private DatabaseAccess access(Application application) {
    return accesses
        .find(application.id(), application.instance())
        .filter(DatabaseAccess::ensured)
        .orElseThrow(
            () ->
                new ApiException(
                    NEVER_DEPLOYED,
                    "application %s was never deployed".formatted(application.name())));
  }
}
