package dev.slipway.deploy.api;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.database.Workflows;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.DatabaseAccesses;
import dev.slipway.deploy.operation.Recovery;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What can be done to one workflow of an application.
@Path("/appsadmin/{org}")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class WorkflowChangesResource {

  private static final Logger LOG = LoggerFactory.getLogger(WorkflowChangesResource.class);
  private static final ErrorCode NEVER_DEPLOYED = new ErrorCode("application-never-deployed", 409);

  private final ApplicationRequests requests;
  private final DatabaseAccesses accesses;
  private final Workflows workflows;
  private final Recovery recovery;

  @Inject
  WorkflowChangesResource(
      ApplicationRequests requests,
      DatabaseAccesses accesses,
      Workflows workflows,
      Recovery recovery) {
    this.requests = requests;
    this.accesses = accesses;
    this.workflows = workflows;
    this.recovery = recovery;
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
  public Response resume(@PathParam("app") String name, @PathParam("id") String id)
      throws InterruptedException {
    Response answer =
        change(name, id, (access, database) -> workflows.resume(access, database, id));
    goOn(name);
    return answer;
  }

  /// Begins a copy of it, of the version that serves; the answer names the copy.
  @POST
  @Path("applications/{app}/workflows/{id}/restart")
  public Map<String, String> restart(@PathParam("app") String name, @PathParam("id") String id)
      throws InterruptedException {
    Application application = requests.existing(name);
    try {
      String copy =
          workflows.restart(
              access(application), application.systemDatabase(), id, application.serving());
      goOn(name);
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

  /// At once if that can be; the reconciler asks again otherwise.
  private void goOn(String name) throws InterruptedException {
    try {
      recovery.round(requests.existing(name));
    } catch (DriverFailure unreachable) {
      LOG.debug("The workflows of {} go on later", name, unreachable);
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
