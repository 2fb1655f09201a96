package dev.slipway.common.operation;

import jakarta.transaction.RollbackException;
import java.sql.SQLException;
import java.util.Optional;
import java.util.stream.Stream;

/// Tells a database that answers no from one that does not answer.
public final class DatabaseRefusal {

  private static final int DEEPEST = 20;
  private static final String UNIQUE_VIOLATION = "23505";
  private static final String ROLLED_BACK = "40000";

  private DatabaseRefusal() {}

  /// The SQL state with which the database refused, so that everything is rolled back; empty when
  /// it did not answer, and nothing is known of the transaction, or the failure is not the
  /// database's.
  public static Optional<String> state(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST; depth++) {
      if (cause instanceof SQLException known && known.getSQLState() != null) {
        String state = known.getSQLState();
        // Data, integrity, rollback, syntax, raised by a function: the statement is at fault.
        return Stream.of("22", "23", "40", "42", "P0").anyMatch(state::startsWith)
            ? Optional.of(state)
            : Optional.empty();
      }
      if (cause instanceof RollbackException) {
        return Stream.of(cause.getSuppressed())
            .flatMap(suppressed -> state(suppressed).stream())
            .findFirst()
            .or(() -> Optional.of(ROLLED_BACK));
      }
      cause = cause.getCause();
    }
    return Optional.empty();
  }

  /// Whether the code, not the database, has failed.
  public static boolean isOfCode(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST; depth++) {
      if (cause instanceof SQLException || cause instanceof RollbackException) {
        return false;
      }
      cause = cause.getCause();
    }
    return failure instanceof RuntimeException;
  }

  /// Whether something that has to be unique is there already.
  public static boolean isTaken(String state) {
    return state.equals(UNIQUE_VIOLATION);
  }
}
