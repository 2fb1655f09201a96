package dev.slipway.common.sql;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Statements that go to the database together and cost one round trip.
///
/// They run in order, each with a snapshot of its own, and the first that fails is the last. A
/// commit of the kernel is a handful of small statements, and sending each by itself is most of
/// what it costs.
public final class Pipeline {

  /// Reads one row.
  @FunctionalInterface
  public interface Row<T extends @Nullable Object> {
    T read(ResultSet row) throws SQLException;
  }

  /// Of what the driver sends before it waits for an answer.
  private static final int MOST_AT_ONCE = 200;

  private final List<String> statements = new ArrayList<>();
  private final List<@Nullable Object> arguments = new ArrayList<>();

  /// @param sql       one statement, without the semicolon
  /// @param arguments as many as it has question marks
  public Pipeline add(String sql, @Nullable Object... arguments) {
    statements.add(sql);
    for (@Nullable Object argument : arguments) {
      this.arguments.add(argument);
    }
    return this;
  }

  /// Appends all of another.
  public Pipeline add(Pipeline more) {
    statements.addAll(more.statements);
    arguments.addAll(more.arguments);
    return this;
  }

  /// Runs them all; what they return is not looked at.
  public void run(Connection connection) throws SQLException {
    if (!statements.isEmpty()) {
      try (PreparedStatement all = prepare(connection)) {
        all.execute();
      }
    }
  }

  /// Runs them all in a transaction of their own and commits it, in the same round trip; of one
  /// that fails, nothing is stored. It needs no `begin`: what Postgres receives before the end of a
  /// round trip is one transaction.
  ///
  /// The driver makes two round trips of it where too much could come back before all is sent. So
  /// no statement may return more than a number, and of very many the transaction is begun and
  /// ended.
  ///
  /// @param connection one that is not in a transaction
  public void commit(Connection connection) throws SQLException {
    if (!connection.getAutoCommit()) {
      throw new IllegalStateException("The connection is in a transaction that somebody else ends");
    }
    if (statements.size() <= MOST_AT_ONCE) {
      runReturningLittle(connection);
      return;
    }
    connection.setAutoCommit(false);
    try {
      runReturningLittle(connection);
      connection.commit();
    } finally {
      // What was not committed goes.
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  private void runReturningLittle(Connection connection) throws SQLException {
    try (PreparedStatement all = prepare(connection)) {
      boolean rows = all.execute();
      while (rows || all.getUpdateCount() >= 0) {
        if (rows) {
          requireNumber(all.getResultSet().getMetaData());
        }
        rows = all.getMoreResults();
      }
    }
  }

  private static void requireNumber(ResultSetMetaData columns) throws SQLException {
    if (columns.getColumnCount() != 1 || columns.getColumnType(1) != Types.BIGINT) {
      throw new IllegalStateException("A statement of a commit returns more than a number");
    }
  }

  /// Runs them all and reads one row of each that returns rows, in their order.
  ///
  /// @return for each reader what it has read, or null where the statement returned no row
  public List<@Nullable Object> read(Connection connection, Row<?>... readers) throws SQLException {
    List<@Nullable Object> read = new ArrayList<>();
    try (PreparedStatement all = prepare(connection)) {
      boolean rows = all.execute();
      while (read.size() < readers.length) {
        if (rows) {
          try (ResultSet row = all.getResultSet()) {
            read.add(row.next() ? readers[read.size()].read(row) : null);
          }
        } else if (all.getUpdateCount() < 0) {
          throw new IllegalArgumentException("Fewer statements return rows than are read");
        }
        rows = all.getMoreResults();
      }
    }
    return read;
  }

  private PreparedStatement prepare(Connection connection) throws SQLException {
    PreparedStatement all = connection.prepareStatement(String.join(";\n", statements));
    try {
      for (int i = 0; i < arguments.size(); i++) {
        if (arguments.get(i) == null) {
          all.setNull(i + 1, Types.VARCHAR);
        } else if (arguments.get(i) instanceof String[] texts) {
          all.setArray(i + 1, connection.createArrayOf("text", texts));
        } else {
          all.setObject(i + 1, arguments.get(i));
        }
      }
      return all;
    } catch (SQLException | RuntimeException failure) {
      all.close();
      throw failure;
    }
  }
}
