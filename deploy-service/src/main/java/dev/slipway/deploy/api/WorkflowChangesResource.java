package dev.slipway.deploy.api;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.api.KeyedCalls;
import dev.slipway.common.security.Caller;
import dev.slipway.deploy.database.Workflows;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.DatabaseAccesses;
import dev.slipway.deploy.operation.Recovery;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
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
  private final Applications applications;
  private final KeyedCalls calls;
  private final Caller caller;

  @Inject
  WorkflowChangesResource(
      ApplicationRequests requests,
      DatabaseAccesses accesses,
      Workflows workflows,
      Recovery recovery,
      Applications applications,
      KeyedCalls calls,
      Caller caller) {
    this.requests = requests;
    this.accesses = accesses;
    this.workflows = workflows;
    this.recovery = recovery;
    this.applications = applications;
    this.calls = calls;
    this.caller = caller;
  }

  /// Changes one of them, or makes one.
  private interface Change {
    String of(DatabaseAccess access, String systemDatabase) throws DriverFailure;
  }

  @POST
  @Path("applications/{app}/workflows/{id}/cancel")
  public Response cancel(
      @PathParam("app") String name,
      @PathParam("id") String id,
      @HeaderParam("Idempotency-Key") @Nullable String key)
      throws SQLException, InterruptedException {
    change(
        name,
        id,
        "cancel",
        key,
        (access, database) -> {
          workflows.cancel(access, database, id);
          return id;
        });
    return Response.noContent().build();
  }

  @POST
  @Path("applications/{app}/workflows/{id}/resume")
  public Response resume(
      @PathParam("app") String name,
      @PathParam("id") String id,
      @HeaderParam("Idempotency-Key") @Nullable String key)
      throws SQLException, InterruptedException {
    change(
        name,
        id,
        "resume",
        key,
        (access, database) -> {
          workflows.resume(access, database, id);
          return id;
        });
    goOn(name);
    return Response.noContent().build();
  }

  /// Begins a copy of it, of the version that serves; the answer names the copy. The copy of a call
  /// with a key has an identifier that follows from the key, so that there is one however often it
  /// is made.
  @POST
  @Path("applications/{app}/workflows/{id}/restart")
  public Map<String, String> restart(
      @PathParam("app") String name,
      @PathParam("id") String id,
      @HeaderParam("Idempotency-Key") @Nullable String key)
      throws SQLException, InterruptedException {
    String copy =
        key == null
            ? UUID.randomUUID().toString()
            : UUID.nameUUIDFromBytes(
                    String.join("\n", caller.organization(), name, id, key)
                        .getBytes(StandardCharsets.UTF_8))
                .toString();
    String made =
        change(
            name,
            id,
            "restart",
            key,
            (access, database) -> {
              String version = requests.existing(name).serving();
              workflows.restart(access, database, id, copy, version);
              return copy;
            });
    goOn(name);
    return Map.of("workflow_id", made);
  }

  private String change(String name, String id, String verb, @Nullable String key, Change change)
      throws SQLException, InterruptedException {
    var call = calls.key("POST appsadmin/%s/workflows/%s/%s".formatted(name, id, verb), key, "");
    try {
      return calls.act(
          caller.organization(),
          call,
          () -> {
            Application application = requests.existing(name);
            return change.of(access(application), application.systemDatabase());
          });
    } catch (DriverFailure failure) {
      throw WorkflowsResource.refusal(name, id, failure);
    }
  }

  /// At once if that can be; the reconciler asks again otherwise.
  private void goOn(String name) throws InterruptedException {
    Optional<Application> application = applications.find(caller.organization(), name);
    if (application.isEmpty()) {
      // This answers a repeat.
      return;
    }
    try {
      recovery.round(application.get());
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
