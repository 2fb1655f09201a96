package dev.slipway.common.operation.api;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.operation.OperationCursor;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationQuery;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Outcome;
import dev.slipway.common.operation.Phase;
import dev.slipway.common.security.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

/// The operations of one organization in one service. The gateway merges the services' lists and
/// finds an operation's service by the prefix of its identifier.
@Path("/v1alpha1/{org}/operations")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class OperationsResource {

  static final ErrorCode OPERATION_NOT_FOUND = new ErrorCode("operation-not-found", 404);
  static final ErrorCode NOT_CANCELLABLE = new ErrorCode("operation-not-cancellable", 409);
  static final ErrorCode NOT_STUCK = new ErrorCode("operation-not-stuck", 409);

  private static final long LONGEST_WAIT_SECONDS = 60;

  private final OperationEngine engine;
  private final KeyedCalls calls;
  private final StepOutput output;
  private final Caller caller;

  @Inject
  OperationsResource(OperationEngine engine, KeyedCalls calls, StepOutput output, Caller caller) {
    this.engine = engine;
    this.calls = calls;
    this.output = output;
    this.caller = caller;
  }

  /// The newest operations first. Where there are more, the header `Next-Cursor` gives the
  /// `cursor` of the next page; what begins in the meantime does not move it.
  ///
  /// @param subject only of the subject of this identifier or name
  /// @param kind    only of this kind, `instance.provision`
  /// @param phase   only in this one: `queued`, `running`, `unwinding`, `stuck` or `ended`
  /// @param outcome only with this one: `succeeded`, `undone`, `cancelled`, `superseded`, `refused`
  ///     or `abandoned`
  /// @param active  only those that have not ended
  /// @param since   only those begun at or after this time, in RFC 3339
  /// @param limit   1 to 200
  /// @param cursor  of the page before
  @GET
  public RestResponse<List<OperationAnswer>> list(
      @QueryParam("subject") @Nullable String subject,
      @QueryParam("kind") @Nullable String kind,
      @QueryParam("phase") @Nullable String phase,
      @QueryParam("outcome") @Nullable String outcome,
      @QueryParam("active") @Nullable String active,
      @QueryParam("since") @Nullable String since,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor)
      throws SQLException {
    int most = OperationFilters.limit(limit);
    var query =
        new OperationQuery(
            caller.organization(),
            OperationFilters.text("subject", subject),
            OperationFilters.kind(kind),
            OperationFilters.word("phase", phase, Phase.class),
            OperationFilters.word("outcome", outcome, Outcome.class),
            OperationFilters.flag("active", active),
            OperationFilters.time("since", since),
            OperationFilters.cursor(cursor),
            most + 1);
    List<OperationView> found = engine.list(query);
    List<OperationView> page = found.size() > most ? found.subList(0, most) : found;
    var answer =
        RestResponse.ResponseBuilder.ok(
            page.stream().map(view -> OperationAnswer.of(view, output)).toList());
    if (found.size() > most) {
      OperationView last = page.getLast();
      answer.header(
          OperationCursor.NEXT, new OperationCursor(last.createdAt(), last.id()).encoded());
    }
    return answer.build();
  }

  /// How an operation stands.
  ///
  /// @param wait    seconds to wait for a change, at most 60
  /// @param version what the caller has seen; the answer comes when there is something newer
  @GET
  @Path("{id}")
  public OperationAnswer show(
      @PathParam("id") String id,
      @QueryParam("wait") @DefaultValue("0") long wait,
      @QueryParam("version") @DefaultValue("-1") long version)
      throws SQLException, InterruptedException {
    OperationView view = own(id);
    if (wait > 0 && view.version() == version) {
      Duration atMost = Duration.ofSeconds(Math.min(wait, LONGEST_WAIT_SECONDS));
      view = engine.awaitChange(id, version, atMost);
    }
    return OperationAnswer.of(view, output);
  }

  /// What it has made outside the database, and how the absence of each thing was verified.
  ///
  /// @param all of a destroy: name also what earlier operations had removed
  @GET
  @Path("{id}/receipt")
  public ReceiptAnswer receipt(
      @PathParam("id") String id, @QueryParam("all") @DefaultValue("false") boolean all)
      throws SQLException {
    own(id);
    return ReceiptAnswer.of(engine.receipt(id).orElseThrow(), all);
  }

  /// Asks to cancel it; everything it has made is undone.
  ///
  /// @param abandon gives it up when it is stuck after its point of no return
  @POST
  @Path("{id}/cancel")
  public OperationAnswer cancel(
      @PathParam("id") String id,
      @QueryParam("abandon") @DefaultValue("false") boolean abandon,
      @HeaderParam(IdempotencyHeader.NAME) @Nullable String key)
      throws SQLException {
    return once("POST operations/" + id + "/cancel", key, abandon, id, () -> ask(id, abandon));
  }

  private void ask(String id, boolean abandon) throws SQLException {
    OperationView view = own(id);
    boolean heard = abandon ? engine.abandon(id) : engine.cancel(id);
    OperationView now = own(id);
    if (!heard && !now.cancelRequested() && now.phase() != Phase.UNWINDING) {
      throw ApiException.of(NOT_CANCELLABLE, whyNot(view)).operation(id).build();
    }
  }

  /// Tells an operation something.
  private interface Word {
    void say() throws SQLException;
  }

  /// How the operation stands is the answer, of a repeat as well.
  private OperationAnswer once(
      String request, @Nullable String key, Object body, String id, Word word) throws SQLException {
    calls.change(
        caller.organization(),
        calls.key(request, key, body),
        connection -> {
          word.say();
          return id;
        });
    return OperationAnswer.of(own(id), output);
  }

  private static String whyNot(OperationView view) {
    if (view.needsAnotherVersion()) {
      return unknownHere(view);
    }
    return switch (view.phase()) {
      case ENDED -> "operation %s has ended".formatted(view.id());
      case STUCK ->
          "operation %s is stuck after its point of no return, type slipway ops cancel --abandon %s to give it up"
              .formatted(view.id(), view.id());
      case QUEUED, RUNNING, UNWINDING ->
          "operation %s is past its point of no return".formatted(view.id());
    };
  }

  /// Tries a stuck operation again.
  @POST
  @Path("{id}/retry")
  public OperationAnswer retry(
      @PathParam("id") String id, @HeaderParam(IdempotencyHeader.NAME) @Nullable String key)
      throws SQLException {
    return once("POST operations/" + id + "/retry", key, "", id, () -> askAgain(id));
  }

  private void askAgain(String id) throws SQLException {
    OperationView view = own(id);
    if (!engine.retry(id)) {
      throw ApiException.of(
              NOT_STUCK,
              view.needsAnotherVersion()
                  ? unknownHere(view)
                  : "operation %s is not stuck".formatted(id))
          .operation(id)
          .build();
    }
  }

  private static String unknownHere(OperationView view) {
    return "operation %s is at the step %s, which this version does not know; start one that does"
        .formatted(view.id(), view.step());
  }

  /// Somebody else's operation answers exactly as an unknown one.
  private OperationView own(String id) throws SQLException {
    return engine
        .view(id)
        .filter(view -> view.organization().equals(caller.organization()))
        .orElseThrow(
            () -> new ApiException(OPERATION_NOT_FOUND, "operation %s not found".formatted(id)));
  }
}
