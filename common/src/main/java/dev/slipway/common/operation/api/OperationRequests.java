package dev.slipway.common.operation.api;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Begun;
import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Phase;
import dev.slipway.common.outbox.Json;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What every service does alike when a request begins an operation: the caller's key, and the
/// answer that is derived from how the operation stands, never stored.
@ApplicationScoped
public class OperationRequests {

  /// The header that names the operation of an answer.
  public static final String OPERATION = "Operation-Id";

  /// The status of an operation's own cause: it was understood, and could not be done.
  private static final int UNDOABLE = 422;

  private final OperationEngine engine;
  private final InstallationKeys keys;

  @Inject
  OperationRequests(OperationEngine engine, InstallationKeys keys) {
    this.engine = engine;
    this.keys = keys;
  }

  /// The key that a caller gave, with a digest of what it asked for that tells nothing.
  ///
  /// @param request method and path
  /// @param body    what has to be the same when the key comes again; for an archive, its address
  /// @return null when the caller gave no key
  public BeginRequest.@Nullable Idempotency idempotency(
      String request, @Nullable String key, Object body) {
    if (key == null) {
      return null;
    }
    if (key.isBlank() || key.length() > 255) {
      throw new ApiException(
          ErrorCode.INVALID_REQUEST, "Idempotency-Key must be 1 to 255 characters");
    }
    byte[] bytes = Json.write(body).getBytes(StandardCharsets.UTF_8);
    return new BeginRequest.Idempotency(
        request, key, HexFormat.of().formatHex(keys.fingerprint(bytes)));
  }

  /// The operation that an earlier call with this key has begun.
  public Optional<String> earlier(
      String organization, BeginRequest.@Nullable Idempotency idempotency) throws SQLException {
    return idempotency == null
        ? Optional.empty()
        : engine
            .earlier(organization, idempotency)
            .map(
                begun ->
                    operationOf(
                        begun,
                        active -> {
                          throw new IllegalStateException("What was begun is not busy");
                        }));
  }

  /// The operation that a call has begun, or the refusal.
  ///
  /// @param busy makes the refusal when another operation has the subject
  public static String operationOf(Begun begun, Function<OperationView, ApiException> busy) {
    return switch (begun) {
      case Begun.New(String id) -> id;
      case Begun.Same(String id) -> id;
      case Begun.Busy(OperationView active) -> throw busy.apply(active);
      case Begun.KeyReused() ->
          throw new ApiException(
              ErrorCode.IDEMPOTENCY_KEY_REUSED,
              "this Idempotency-Key was used before with another body");
    };
  }

  /// Waits for the end of an operation, unless the caller prefers not to.
  ///
  /// @param prefer the header of that name
  /// @return how it ended or is stuck; empty when it has to be answered early
  public Optional<OperationView> end(String operation, @Nullable String prefer, Duration atMost)
      throws SQLException, InterruptedException {
    if (prefer != null && prefer.contains("respond-async")) {
      return Optional.empty();
    }
    OperationView view = engine.awaitEnd(operation, atMost);
    return view.phase() == Phase.ENDED || view.phase() == Phase.STUCK
        ? Optional.of(view)
        : Optional.empty();
  }

  /// The refusal that an operation without success is answered with.
  public static ApiException.Builder refusal(OperationView view) {
    Cause cause =
        view.cause() == null
            ? new Cause("undone", "operation %s did not succeed".formatted(view.id()))
            : view.cause();
    var error =
        ApiException.of(new ErrorCode(cause.code(), UNDOABLE), cause.message())
            .operation(view.id())
            .header(OPERATION, view.id());
    if (view.next() != null) {
      error.detailedError(
          "It is stuck at the step %s. Type: %s".formatted(view.step(), view.next()));
    }
    return error;
  }
}
