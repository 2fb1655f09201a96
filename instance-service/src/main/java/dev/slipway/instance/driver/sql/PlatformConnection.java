package dev.slipway.instance.driver.sql;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;

/// Signs in to an instance as the platform's superuser: over TLS that is verified in full, with a
/// search path nobody else can change, and with limits on every wait.
public final class PlatformConnection implements AutoCloseable {

  public static final String SUPERUSER = "slipway";

  /// What a new server is given before anybody but the platform could sign in.
  public static final List<String> FIRST_STATEMENTS =
      List.of(
          "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC",
          "CREATE SCHEMA slipway",
          "CREATE TABLE slipway.fence (subject text PRIMARY KEY, epoch bigint NOT NULL)",
          "COMMENT ON TABLE slipway.fence IS 'The highest epoch under which the platform changed this instance.'");

  /// A suspended service must not keep others out of the fence: its open transaction is ended by
  /// the server.
  private static final String OPTIONS =
      "-c search_path=pg_catalog -c statement_timeout=10s -c lock_timeout=1s"
          + " -c idle_in_transaction_session_timeout=5s -c client_min_messages=error";

  private static final String MARK = "slipway epoch ";

  private static final String LOCK_NOT_AVAILABLE = "55P03";

  private static final Driver DRIVER = new Driver();

  private final Connection connection;

  private PlatformConnection(Connection connection) {
    this.connection = connection;
  }

  /// @param purpose  shown to people in `pg_stat_activity`
  /// @param patience how long one answer of the server may take
  public static PlatformConnection open(
      Endpoint endpoint, Path authority, char[] password, String purpose, Duration patience)
      throws SQLException {
    return open(endpoint, "postgres", authority, password, purpose, patience);
  }

  /// The same to another database, whose owner may have set what it likes for those who come in.
  public static PlatformConnection open(
      Endpoint endpoint,
      String database,
      Path authority,
      char[] password,
      String purpose,
      Duration patience)
      throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", SUPERUSER);
    properties.setProperty("password", new String(password));
    properties.setProperty("sslmode", "verify-full");
    properties.setProperty("sslrootcert", authority.toString());
    // Empty names: a certificate in somebody's home is none of the platform's.
    properties.setProperty("sslcert", "");
    properties.setProperty("sslkey", "");
    properties.setProperty("gssEncMode", "disable");
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("loginTimeout", "0");
    properties.setProperty("socketTimeout", Long.toString(patience.toSeconds()));
    properties.setProperty("ApplicationName", purpose);
    properties.setProperty("options", OPTIONS);
    String url = "jdbc:postgresql://" + endpoint.host() + ':' + endpoint.port() + '/' + database;
    return new PlatformConnection(
        Objects.requireNonNull(DRIVER.connect(url, properties), "the URL is PostgreSQL's"));
  }

  public static PlatformConnection open(
      Endpoint endpoint, Path authority, char[] password, Fence fence) throws SQLException {
    return open(endpoint, authority, password, MARK + fence.epoch(), Duration.ofSeconds(20));
  }

  /// Statements that are carried out under a fence.
  public interface Work {
    void run(Statement statement) throws SQLException, DriverFailure;
  }

  /// Runs the work and raises the epoch in one transaction, or throws [DriverFailure.Fenced] and
  /// changes nothing.
  public void fenced(Fence fence, Work work) throws SQLException, DriverFailure {
    try {
      transaction(fence, work);
    } catch (SQLException e) {
      if (!LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
        throw e;
      }
      endOlder(fence);
      transaction(fence, work);
    }
  }

  private void transaction(Fence fence, Work work) throws SQLException, DriverFailure {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      raise(fence);
      work.run(statement);
    } catch (SQLException | DriverFailure e) {
      rollback(e);
      throw e;
    }
    try {
      connection.commit();
    } catch (SQLException e) {
      throw new DriverFailure.Unknown(
          "outcome-unknown", "the connection was lost while a change was being committed", e);
    }
  }

  /// Whoever holds the fence's row with a lower epoch has been overtaken; it may be suspended and
  /// would keep us waiting.
  private void endOlder(Fence fence) throws SQLException {
    connection.setAutoCommit(true);
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"
              + SUPERUSER
              + "' AND CASE WHEN application_name ~ '^"
              + MARK
              + "[0-9]{1,18}$' THEN substr(application_name, "
              + (MARK.length() + 1)
              + ")::bigint < "
              + fence.epoch()
              + " END");
    }
  }

  /// The session itself, for what cannot be done in a transaction.
  public Connection session() {
    return connection;
  }

  private void raise(Fence fence) throws SQLException, DriverFailure {
    raise(connection, fence);
  }

  /// Raises the epoch in the connection's transaction.
  public static void raise(Connection connection, Fence fence) throws SQLException, DriverFailure {
    try (PreparedStatement raise =
        connection.prepareStatement(
            "INSERT INTO slipway.fence AS held (subject, epoch) VALUES (?, ?)"
                + " ON CONFLICT (subject) DO UPDATE SET epoch = excluded.epoch"
                + " WHERE held.epoch <= excluded.epoch")) {
      raise.setString(1, fence.subject());
      raise.setLong(2, fence.epoch());
      if (raise.executeUpdate() == 1) {
        return;
      }
    }
    try (PreparedStatement held =
        connection.prepareStatement("SELECT epoch FROM slipway.fence WHERE subject = ?")) {
      held.setString(1, fence.subject());
      try (ResultSet row = held.executeQuery()) {
        throw new DriverFailure.Fenced(fence, row.next() ? row.getLong(1) : fence.epoch());
      }
    }
  }

  private void rollback(Exception cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  /// What an error of the server or the connection means for the step.
  public static DriverFailure failure(SQLException e) {
    String state = Objects.requireNonNullElse(e.getSQLState(), "");
    if (state.equals("53100")) {
      return new DriverFailure.Permanent(
          "disk-full", "no space is left on the disk for this instance", e);
    }
    if (signInRefused(e)) {
      return new DriverFailure.Permanent(
          "sign-in-refused", "the instance does not accept the platform's password", e);
    }
    if (state.equals("57P03")) {
      return new DriverFailure.Transient("starting", "the instance is not ready yet", e);
    }
    if (state.startsWith("08") || state.startsWith("57")) {
      return new DriverFailure.Transient("unreachable", "the instance does not answer", e);
    }
    return new DriverFailure.Transient(
        "statement-failed", "the instance refused a statement of the platform (" + state + ")", e);
  }

  public static boolean signInRefused(SQLException e) {
    @Nullable String state = e.getSQLState();
    return state != null && state.startsWith("28");
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
