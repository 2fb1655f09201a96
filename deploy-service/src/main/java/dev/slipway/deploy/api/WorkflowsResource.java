package dev.slipway.deploy.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.load.LargeAnswer;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.database.Workflow;
import dev.slipway.deploy.database.WorkflowFilter;
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
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The workflows of an application, as its SDK has stored them.
@Path("/v1alpha1/{org}")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class WorkflowsResource {

  /// Room for a few thousand identifiers; a tree takes many times the memory of its text.
  private static final int LONGEST_FILTER = 128 * 1024;

  static final ErrorCode WORKFLOW_NOT_FOUND = new ErrorCode("workflow-not-found", 404);

  private final ApplicationRequests requests;
  private final DatabaseAccesses accesses;
  private final Workflows workflows;
  private final ObjectMapper json;

  @Inject
  WorkflowsResource(
      ApplicationRequests requests,
      DatabaseAccesses accesses,
      Workflows workflows,
      ObjectMapper json) {
    this.json = json;
    this.requests = requests;
    this.accesses = accesses;
    this.workflows = workflows;
  }

  /// Reads the workflows of an application's SDK.
  private interface Reading {
    List<Workflow> from(DatabaseAccess access, String systemDatabase, WorkflowFilter filter)
        throws DriverFailure;
  }

  @LargeAnswer(LargeAnswer.Source.APPLICATION)
  @POST
  @Path("applications/{app}/workflows")
  public List<Workflow> list(@PathParam("app") String name, @Nullable String body)
      throws JsonProcessingException {
    return read(name, body, workflows::list);
  }

  @LargeAnswer(LargeAnswer.Source.APPLICATION)
  @POST
  @Path("applications/{app}/queues")
  public List<Workflow> queued(@PathParam("app") String name, @Nullable String body)
      throws JsonProcessingException {
    return read(name, body, workflows::queued);
  }

  private List<Workflow> read(String name, @Nullable String body, Reading reading)
      throws JsonProcessingException {
    Application application = requests.existing(name);
    WorkflowFilter filter = filter(body);
    Optional<DatabaseAccess> access = accesses.find(application.id(), application.instance());
    if (access.isEmpty() || !access.get().ensured()) {
      return List.of();
    }
    try {
      return reading.from(access.get(), application.systemDatabase(), filter);
    } catch (DriverFailure failure) {
      throw refusal(name, "", failure);
    }
  }

  /// The official command sends null for what was not asked for.
  private WorkflowFilter filter(@Nullable String body) throws JsonProcessingException {
    if (body != null && body.length() > LONGEST_FILTER) {
      throw new ApiException(
          ErrorCode.BODY_TOO_LARGE,
          "the body is longer than %,d characters".formatted(LONGEST_FILTER));
    }
    JsonNode content =
        body == null || body.isBlank()
            ? JsonNodeFactory.instance.objectNode()
            : json.readTree(body);
    if (!content.isObject()) {
      throw new ApiException(ErrorCode.MALFORMED_BODY, "the body is not a JSON object");
    }
    try {
      return WorkflowFilter.parse(content);
    } catch (IllegalArgumentException problem) {
      throw new ApiException(
          ErrorCode.INVALID_REQUEST, Objects.requireNonNull(problem.getMessage()));
    }
  }

  static ApiException refusal(String name, String id, DriverFailure failure) {
    if (failure.code().equals(WORKFLOW_NOT_FOUND.word())) {
      return new ApiException(
          WORKFLOW_NOT_FOUND, "workflow %s of application %s not found".formatted(id, name));
    }
    return ApiException.of(
            ErrorCode.UNAVAILABLE,
            "the database of application %s does not answer, try again shortly".formatted(name))
        .header("Retry-After", "1")
        .cause(failure)
        .build();
  }
}
