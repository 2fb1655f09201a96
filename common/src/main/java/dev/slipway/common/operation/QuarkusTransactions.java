package dev.slipway.common.operation;

import dev.slipway.common.sql.Pipeline;
import io.quarkus.narayana.jta.QuarkusTransaction;
import io.quarkus.narayana.jta.QuarkusTransactionException;
import io.quarkus.narayana.jta.TransactionRunnerOptions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Transactions of the service's datasource under JTA, so that the kernel's SQL and an aggregate's
/// entities commit together.
@ApplicationScoped
class QuarkusTransactions implements Transactions {

  private final DataSource database;
  private final TransactionSynchronizationRegistry registry;

  @Inject
  QuarkusTransactions(DataSource database, TransactionSynchronizationRegistry registry) {
    this.database = database;
    this.registry = registry;
  }

  @Override
  public <T extends @Nullable Object> T inNew(Work<T> work) throws SQLException {
    return run(QuarkusTransaction.requiringNew(), work);
  }

  @Override
  public void atOnce(Pipeline writes) throws SQLException {
    try (Connection connection = database.getConnection()) {
      writes.commit(connection);
    }
  }

  @Override
  public <T extends @Nullable Object> T joining(Work<T> work) throws SQLException {
    return run(QuarkusTransaction.joiningExisting(), work);
  }

  @Override
  public <T extends @Nullable Object> T reading(Work<T> work) throws SQLException {
    // The data source gives the connection of the caller's transaction where there is one.
    try (Connection connection = database.getConnection()) {
      return work.on(connection);
    }
  }

  private <T extends @Nullable Object> T run(TransactionRunnerOptions options, Work<T> work)
      throws SQLException {
    try {
      return options.call(
          () -> {
            try (Connection connection = database.getConnection()) {
              return work.on(connection);
            }
          });
    } catch (QuarkusTransactionException failure) {
      if (failure.getCause() instanceof SQLException cause) {
        throw cause;
      }
      // The commit itself failed: the database is gone, or went while committing.
      throw new SQLException("The transaction could not be committed", failure);
    }
  }

  @Override
  public void afterCommit(Runnable action) {
    if (registry.getTransactionKey() == null) {
      action.run();
      return;
    }
    registry.registerInterposedSynchronization(
        new Synchronization() {
          @Override
          public void beforeCompletion() {
            // Nothing is left to do before the commit.
          }

          @Override
          public void afterCompletion(int status) {
            if (status == Status.STATUS_COMMITTED) {
              action.run();
            }
          }
        });
  }
}
