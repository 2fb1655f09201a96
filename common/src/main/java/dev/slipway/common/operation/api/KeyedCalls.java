package dev.slipway.common.operation.api;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.IdempotencyKeys;
import dev.slipway.common.operation.IdempotencyKeys.Claim;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Json;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Carries out what a call asks for once for each key, and gives every repeat what the first one
/// came to. A call without a key is carried out each time.
@ApplicationScoped
public class KeyedCalls {

  private final Transactions transactions;
  private final InstallationKeys installation;
  private final IdempotencyKeys keys = new IdempotencyKeys();

  @Inject
  KeyedCalls(Transactions transactions, InstallationKeys installation) {
    this.transactions = transactions;
    this.installation = installation;
  }

  /// The key that a caller gave, with a digest of what it asked for that tells nothing.
  ///
  /// @param request method and path
  /// @param body    what has to be the same when the key comes again; for an archive, its address
  /// @return null when the caller gave no key
  public BeginRequest.@Nullable Idempotency key(String request, @Nullable String key, Object body) {
    if (key == null) {
      return null;
    }
    byte[] bytes = Json.write(body).getBytes(StandardCharsets.UTF_8);
    return new BeginRequest.Idempotency(
        request, key, HexFormat.of().formatHex(installation.fingerprint(bytes)));
  }

  /// What an earlier call with this key has made; claims nothing.
  public Optional<String> earlier(String scope, BeginRequest.@Nullable Idempotency call)
      throws SQLException {
    return call == null
        ? Optional.empty()
        : transactions.joining(connection -> made(keys.look(connection, scope, call)));
  }

  /// Claims a key in the caller's transaction.
  ///
  /// @return what an earlier call with it has made; empty when this one is to be carried out
  Optional<String> claim(
      Connection connection, String scope, BeginRequest.@Nullable Idempotency call)
      throws SQLException {
    return call == null ? Optional.empty() : made(keys.claim(connection, scope, call));
  }

  /// Changes the service's own database, in one transaction with the claim of the key. A refusal
  /// takes both back.
  ///
  /// @param scope  whose key it is
  /// @param change gives what the answer is derived from; never a secret
  /// @return what this call, or the first with its key, has made
  public String change(
      String scope, BeginRequest.@Nullable Idempotency call, Transactions.Work<String> change)
      throws SQLException {
    return transactions.inNew(
        connection -> {
          Optional<String> earlier = claim(connection, scope, call);
          if (earlier.isPresent()) {
            return earlier.get();
          }
          String made = change.on(connection);
          if (call != null) {
            keys.result(connection, scope, call, made);
          }
          return made;
        });
  }

  /// Something outside the service's database; safe to do again.
  @FunctionalInterface
  public interface Effect {

    /// @return what the answer is derived from; never a secret
    String act() throws DriverFailure, InterruptedException;
  }

  /// Has an effect outside the database, where no transaction reaches: the key is claimed before
  /// and settled after. Where the service dies in between, or two come at once, the effect is
  /// repeated; where it is refused, the key is free again.
  ///
  /// @return what this call, or the first with its key, has made
  public String act(String scope, BeginRequest.@Nullable Idempotency call, Effect effect)
      throws SQLException, DriverFailure, InterruptedException {
    if (call == null) {
      return effect.act();
    }
    Optional<String> earlier = transactions.inNew(connection -> claim(connection, scope, call));
    if (earlier.isPresent()) {
      return earlier.get();
    }
    try {
      String made = effect.act();
      transactions.inNew(
          connection -> {
            keys.result(connection, scope, call, made);
            return made;
          });
      return made;
    } catch (DriverFailure | ApiException refusal) {
      transactions.inNew(
          connection -> {
            keys.release(connection, scope, call);
            return call;
          });
      throw refusal;
    }
  }

  private static Optional<String> made(Claim claim) {
    return switch (claim) {
      case Claim.First() -> Optional.empty();
      case Claim.Again(String made) -> Optional.of(made);
      case Claim.Reused() -> throw reused();
    };
  }

  static ApiException reused() {
    return new ApiException(
        ErrorCode.IDEMPOTENCY_KEY_REUSED, "this Idempotency-Key was used before with another body");
  }
}
