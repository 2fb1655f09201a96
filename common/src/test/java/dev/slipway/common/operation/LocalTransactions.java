package dev.slipway.common.operation;

import dev.slipway.common.sql.Pipeline;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Transactions without a container, for tests.
public final class LocalTransactions implements Transactions {

  private record Current(Connection connection, List<Runnable> afterCommit) {}

  private final DataSource database;

  // Two databases have two transactions on one thread.
  @SuppressWarnings("ThreadLocalUsage")
  private final ThreadLocal<@Nullable Current> current = new ThreadLocal<>();

  public LocalTransactions(DataSource database) {
    this.database = database;
  }

  @Override
  public <T extends @Nullable Object> T inNew(Work<T> work) throws SQLException {
    Current outer = current.get();
    List<Runnable> after = new ArrayList<>();
    T result;
    try (Connection connection = database.getConnection()) {
      connection.setAutoCommit(false);
      current.set(new Current(connection, after));
      try {
        result = work.on(connection);
        connection.commit();
      } catch (SQLException | RuntimeException | Error failure) {
        connection.rollback();
        throw failure;
      }
    } finally {
      current.set(outer);
    }
    after.forEach(Runnable::run);
    return result;
  }

  @Override
  public void atOnce(Pipeline writes) throws SQLException {
    try (Connection connection = database.getConnection()) {
      writes.commit(connection);
    }
  }

  @Override
  public <T extends @Nullable Object> T joining(Work<T> work) throws SQLException {
    Current now = current.get();
    return now == null ? inNew(work) : work.on(now.connection());
  }

  @Override
  public <T extends @Nullable Object> T reading(Work<T> work) throws SQLException {
    Current now = current.get();
    if (now != null) {
      return work.on(now.connection());
    }
    try (Connection connection = database.getConnection()) {
      return work.on(connection);
    }
  }

  @Override
  public void afterCommit(Runnable action) {
    Current now = current.get();
    if (now == null) {
      action.run();
    } else {
      now.afterCommit().add(action);
    }
  }
}
