package dev.slipway.common.operation;

import dev.slipway.common.sql.Pipeline;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/// The keys that callers gave to their calls, each kept for seven days.
///
/// A key is claimed in the transaction of what the call changes, before anything else is looked at.
/// So whoever comes second waits until the first has committed or rolled back, and finds what it
/// made, or nothing. A key belongs to a scope, mostly an organization, and to a method and path.
public final class IdempotencyKeys {

  /// What claiming a key came to.
  public sealed interface Claim {

    /// Nobody came before, or what somebody began was refused or lost: carry it out.
    record First() implements Claim {}

    /// It was carried out before.
    ///
    /// @param made the operation, or what else the answer is derived from
    record Again(String made) implements Claim {}

    /// The key was used before, with another body.
    record Reused() implements Claim {}
  }

  /// Claims a key in the caller's transaction, which may do so again.
  public Claim claim(Connection connection, String scope, BeginRequest.Idempotency call)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            insert into idempotency_key (organization, request, key, body_digest)
            values (?, ?, ?, ?) on conflict do nothing""")) {
      identify(insert, scope, call);
      insert.setString(4, call.bodyDigest());
      return insert.executeUpdate() == 1 ? new Claim.First() : look(connection, scope, call);
    }
  }

  /// What claiming this key would come to.
  public Claim look(Connection connection, String scope, BeginRequest.Idempotency call)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select body_digest, coalesce(operation, result) from idempotency_key
            where organization = ? and request = ? and key = ?""")) {
      identify(select, scope, call);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          return new Claim.First();
        }
        if (!row.getString(1).equals(call.bodyDigest())) {
          return new Claim.Reused();
        }
        String made = row.getString(2);
        return made == null ? new Claim.First() : new Claim.Again(made);
      }
    }
  }

  /// Notes the operation that a call has begun.
  void operation(Pipeline writes, String scope, BeginRequest.Idempotency call, String operation) {
    writes.add(
        "update idempotency_key set operation = ? where organization = ? and request = ? and key = ?",
        operation,
        scope,
        call.request(),
        call.key());
  }

  /// Notes what a call without an operation has made, which must not be a secret.
  public void result(
      Connection connection, String scope, BeginRequest.Idempotency call, String result)
      throws SQLException {
    new Pipeline()
        .add(
            "update idempotency_key set result = ? where organization = ? and request = ? and key = ?",
            result,
            scope,
            call.request(),
            call.key())
        .run(connection);
  }

  /// Frees the key of a call that came to nothing: it may be made again.
  public void release(Connection connection, String scope, BeginRequest.Idempotency call)
      throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement(
            """
            delete from idempotency_key where organization = ? and request = ? and key = ?
              and operation is null and result is null""")) {
      identify(delete, scope, call);
      delete.executeUpdate();
    }
  }

  private static void identify(
      PreparedStatement statement, String scope, BeginRequest.Idempotency call)
      throws SQLException {
    statement.setString(1, scope);
    statement.setString(2, call.request());
    statement.setString(3, call.key());
  }
}
