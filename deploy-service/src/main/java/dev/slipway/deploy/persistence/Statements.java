package dev.slipway.deploy.persistence;

import dev.slipway.common.operation.Transactions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Single statements, each in the transaction of whoever calls, or in one of its own.
///
/// Steps call the registers on virtual threads, outside any transaction and any request, and read
/// what another transaction has just written. So there is intentionally no session here that keeps
/// rows, and nothing that needs a container: the kernel's own [Transactions] are all it takes.
public final class Statements {

  /// The control database does not answer, or refused a statement; the cause says which.
  public static final class Failed extends RuntimeException {

    private static final long serialVersionUID = 1L;

    Failed(SQLException cause) {
      super("The control database failed", cause);
    }
  }

  /// Makes something of the row that the result is at.
  @FunctionalInterface
  public interface Row<T> {
    T read(ResultSet row) throws SQLException;
  }

  private final Transactions transactions;

  public Statements(Transactions transactions) {
    this.transactions = transactions;
  }

  /// Several statements, together.
  public <T> T together(Transactions.Work<T> work) {
    try {
      return transactions.joining(work);
    } catch (SQLException failure) {
      throw new Failed(failure);
    }
  }

  /// @return how many rows were changed
  public int change(String sql, @Nullable Object... arguments) {
    return together(
        connection -> {
          try (PreparedStatement statement = prepare(connection, sql, arguments)) {
            return statement.executeUpdate();
          }
        });
  }

  public <T> List<T> list(Row<T> reader, String sql, @Nullable Object... arguments) {
    return together(
        connection -> {
          try (PreparedStatement statement = prepare(connection, sql, arguments);
              ResultSet rows = statement.executeQuery()) {
            List<T> found = new ArrayList<>();
            while (rows.next()) {
              found.add(reader.read(rows));
            }
            return found;
          }
        });
  }

  public <T> Optional<T> first(Row<T> reader, String sql, @Nullable Object... arguments) {
    return list(reader, sql, arguments).stream().findFirst();
  }

  private static PreparedStatement prepare(
      Connection connection, String sql, @Nullable Object... arguments) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int i = 0; i < arguments.length; i++) {
      Object argument = arguments[i];
      switch (argument) {
        case Instant instant -> statement.setTimestamp(i + 1, Timestamp.from(instant));
        case List<?> texts ->
            statement.setArray(i + 1, connection.createArrayOf("text", texts.toArray()));
        case Enum<?> word -> statement.setString(i + 1, word.name());
        case null, default -> statement.setObject(i + 1, argument);
      }
    }
    return statement;
  }

  static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    Timestamp value = row.getTimestamp(column);
    return value == null ? null : value.toInstant();
  }
}
