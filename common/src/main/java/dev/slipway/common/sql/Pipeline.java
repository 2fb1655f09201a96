package dev.slipway.common.sql;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
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

  /// Runs them all; what they return is not looked at.
  public void run(Connection connection) throws SQLException {
    if (statements.isEmpty()) {
      return;
    }
    try (PreparedStatement all = prepare(connection)) {
      all.execute();
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
