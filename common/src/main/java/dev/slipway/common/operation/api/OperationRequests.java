package dev.slipway.common.operation.api;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Begun;
import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Duration;
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
  private final KeyedCalls calls;
  private final Transactions transactions;

  @Inject
  OperationRequests(OperationEngine engine, KeyedCalls calls, Transactions transactions) {
    this.engine = engine;
    this.calls = calls;
    this.transactions = transactions;
  }

  /// The key that a caller gave; see [KeyedCalls#key].
  public BeginRequest.@Nullable Idempotency idempotency(
      String request, @Nullable String key, Object body) {
    return calls.key(request, key, body);
  }

  /// The operation that an earlier call with this key has begun; claims nothing.
  public Optional<String> earlier(
      String organization, BeginRequest.@Nullable Idempotency idempotency) throws SQLException {
    return calls.earlier(organization, idempotency);
  }

  /// Begins an operation, once for each key. The key is claimed first, and what the call says is
  /// looked at in the same transaction; a refusal takes everything back, the claim included.
  ///
  /// @param idempotency of the request that `begin` makes, too
  /// @param busy        makes the refusal when another operation has the subject
  /// @param begin       checks and begins
  /// @return the operation that this call, or the first with its key, has begun
  public String begin(
      String organization,
      BeginRequest.@Nullable Idempotency idempotency,
      Function<OperationView, ApiException> busy,
      Transactions.Work<Begun> begin)
      throws SQLException {
    return transactions.inNew(
        connection -> {
          Optional<String> earlier = calls.claim(connection, organization, idempotency);
          return earlier.isPresent() ? earlier.get() : operationOf(begin.on(connection), busy);
        });
  }

  /// The operation that a call has begun, or the refusal.
  ///
  /// @param busy makes the refusal when another operation has the subject
  private static String operationOf(Begun begun, Function<OperationView, ApiException> busy) {
    return switch (begun) {
      case Begun.New(String id) -> id;
      case Begun.Same(String id) -> id;
      case Begun.Busy(OperationView active) -> throw busy.apply(active);
      case Begun.KeyReused() -> throw KeyedCalls.reused();
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
    return view.phase().rests() ? Optional.of(view) : Optional.empty();
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
