package dev.slipway.common.leadership;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Lets one replica of a service lead: the one that holds a session's advisory lock on a connection
/// of its own. The others stand by, and one takes over when that session ends.
///
/// This saves work, it does not fence: a leader that was suspended does not know that it has been
/// replaced, so whatever leaders do has to be harmless when two of them do it.
public final class Leadership implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);
  private static final Duration STANDBY = Duration.ofMillis(500);

  /// What the leader does, until it is told to stop or its connection is lost.
  @FunctionalInterface
  public interface Term {

    /// @param connection holds the lock; a term that does not use it looks now and then whether it
    ///     is still there, and returns when it is not
    void lead(Connection connection) throws SQLException, InterruptedException;
  }

  private final String name;
  private final long lock;
  private final DataSource database;
  private final Term term;
  private volatile boolean closing;
  private volatile boolean leading;
  private @Nullable Thread thread;

  /// @param name of the thread, and in the log
  /// @param lock of the advisory lock, one for each thing that is led
  public Leadership(String name, long lock, DataSource database, Term term) {
    this.name = name;
    this.lock = lock;
    this.database = database;
    this.term = term;
  }

  public void start() {
    thread = Thread.ofPlatform().name(name).daemon().start(this::runForever);
  }

  /// Whether this replica leads now, as far as it knows.
  public boolean leading() {
    return leading;
  }

  private void runForever() {
    while (!closing) {
      try (Connection connection = database.getConnection()) {
        connection.setAutoCommit(true);
        if (call(connection, "select pg_try_advisory_lock(?)")) {
          lead(connection);
        }
      } catch (SQLException failure) {
        LOG.debug("{}: the database does not answer: {}", name, failure.getMessage());
      } catch (RuntimeException failure) {
        LOG.error("{} failed", name, failure);
      } catch (InterruptedException stopped) {
        closing = true;
      }
      standBy();
    }
  }

  private void lead(Connection connection) throws SQLException, InterruptedException {
    leading = true;
    try {
      term.lead(connection);
    } finally {
      leading = false;
      if (connection.isValid(1)) {
        // The pool may hand this connection to somebody else.
        boolean held = call(connection, "select pg_advisory_unlock(?)");
        LOG.debug("{}: the lock was held: {}", name, held);
      }
    }
  }

  private boolean call(Connection connection, String function) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(function)) {
      select.setLong(1, lock);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  private void standBy() {
    if (closing) {
      return;
    }
    try {
      Thread.sleep(STANDBY);
    } catch (InterruptedException stopped) {
      closing = true;
    }
  }

  /// Ends the term by an interruption, and waits a moment for it.
  @Override
  public void close() {
    closing = true;
    Thread running = thread;
    if (running == null) {
      return;
    }
    running.interrupt();
    try {
      if (!running.join(Duration.ofSeconds(3))) {
        LOG.debug("{} does not end", name);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
