package dev.slipway.common.operation;

import dev.slipway.common.sql.Pipeline;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// Runs SQL in a transaction of the service's own database.
public interface Transactions {

  /// Work on a connection.
  @FunctionalInterface
  interface Work<T extends @Nullable Object> {
    T on(Connection connection) throws SQLException;
  }

  /// Runs the work in a new transaction and commits it, or rolls back and throws.
  <T extends @Nullable Object> T inNew(Work<T> work) throws SQLException;

  /// Commits statements in a transaction of their own that costs no more than one round trip. Not
  /// for a caller that is in a transaction.
  void atOnce(Pipeline writes) throws SQLException;

  /// Runs the work in the transaction that the caller is in, or in a new one.
  <T extends @Nullable Object> T joining(Work<T> work) throws SQLException;

  /// Runs work that only reads: in the transaction that the caller is in, or in none, so that each
  /// statement costs one round trip.
  <T extends @Nullable Object> T reading(Work<T> work) throws SQLException;

  /// Runs the action once the transaction that the caller is in has committed; at once when there
  /// is none.
  void afterCommit(Runnable action);
}
