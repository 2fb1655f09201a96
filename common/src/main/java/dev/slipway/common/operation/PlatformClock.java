package dev.slipway.common.operation;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// The platform's clock: it goes on only while some replica of the service runs, so that deadlines
/// do not pass while everything is down.
final class PlatformClock {

  private final Transactions transactions;
  private volatile @Nullable Reading reading;

  PlatformClock(Transactions transactions) {
    this.transactions = transactions;
  }

  /// Lets the platform's clock go on by the time since the last tick, two seconds at the most.
  void tick() throws SQLException {
    transactions.inNew(
        connection -> {
          int ticked =
              Statements.execute(
                  connection,
                  """
              update platform_clock
              set running_millis = platform_now(), ticked_at = clock_timestamp()
              where ticked_at < clock_timestamp() - interval '200 milliseconds'""");
          seen(now(connection));
          return ticked;
        });
  }

  /// The platform's running time in milliseconds.
  static long now(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("select platform_now()");
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  /// Notes what the control database has just said.
  void seen(long millis) {
    reading = new Reading(millis, System.nanoTime());
  }

  /// The running time without asking anybody; empty when it was never read.
  ///
  /// @param nanos the present `System.nanoTime()`
  OptionalLong at(long nanos) {
    Reading last = reading;
    return last == null ? OptionalLong.empty() : OptionalLong.of(last.at(nanos));
  }

  /// The platform's running time as it was read last.
  ///
  /// @param nanos when, in `System.nanoTime()`
  private record Reading(long millis, long nanos) {

    /// What it is some time later. It is read every second; where it cannot be, the platform's
    /// clock does not go on for longer than this either.
    long at(long later) {
      return millis + Math.min((later - nanos) / 1_000_000, 2000);
    }
  }
}
