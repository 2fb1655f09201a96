package dev.slipway.deploy.database;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.linked.LinkedServers;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.ApplicationDatabases;
import dev.slipway.deploy.domain.DatabaseAccess;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Applications' databases over JDBC, as the application's own role. Instances of the platform
/// prove who they are; somebody else's server cannot, and gets TLS where it offers it.
///
/// Safe to use from any thread. Every connection is closed by whoever asked for it; there is no
/// pool, since an application's connections are few and belong to the application.
@Singleton
public final class JdbcApplicationDatabases implements ApplicationDatabases {

  private static final String SECONDS = "10";

  /// A catalogue of a large schema takes longer than to connect.
  private static final String ANSWER_SECONDS = "60";

  /// One request asks for all of them.
  private static final int MOST_HOLDERS = 1000;

  private static final int HOLDERS_SECONDS = 2;

  private static final String LARGEST_RESULT = "16M";

  /// Of somebody else's server, which has made it up perhaps.
  private static final int LARGEST_FOREIGN_RESULT = 8 << 20;

  /// Names the lock among those that an application takes itself; any number would do.
  private static final long LOCK = 0x736c697077617901L;

  private final InstallationKeys keys;
  private final Properties trust = new Properties();

  /// @param authority folder with the certificate of the platform's authority
  @Inject
  public JdbcApplicationDatabases(
      InstallationKeys keys, @ConfigProperty(name = "slipway.ca.directory") Path authority) {
    this.keys = keys;
    trust.setProperty("sslmode", "verify-full");
    trust.setProperty("sslrootcert", authority.resolve("ca.pem").toString());
  }

  @Override
  public Held lock(DatabaseAccess access, String database)
      throws DriverFailure, InterruptedException {
    Connection connection = connect(access, database);
    try {
      try (PreparedStatement lock =
          connection.prepareStatement("select pg_catalog.pg_try_advisory_lock(?)")) {
        lock.setLong(1, LOCK);
        try (ResultSet row = lock.executeQuery()) {
          if (row.next() && row.getBoolean(1)) {
            return new HeldDatabase(connection);
          }
        }
      }
    } catch (SQLException failure) {
      close(connection);
      throw unreachable(failure);
    }
    close(connection);
    throw new DriverFailure.Transient(
        "locked", "another migration or roll-back runs on the database " + database);
  }

  @Override
  public long activeWorkflows(DatabaseAccess access, String systemDatabase, String version)
      throws DriverFailure {
    try (Connection connection = connect(access, systemDatabase)) {
      SystemTables tables = SystemTables.look(connection);
      if (!tables.has("status")) {
        return 0;
      }
      // Before SDK 1.13 a running workflow has no version. One that waits without a version is
      // whoever's takes it, and keeps none alive.
      boolean versions = tables.has("application_version");
      String sql =
          "select count(*) from dbos.workflow_status where status in ('PENDING', 'ENQUEUED')"
              + (versions
                  ? " and (application_version = ?"
                      + " or (application_version is null and status = 'PENDING'))"
                  : "");
      try (PreparedStatement count = connection.prepareStatement(sql)) {
        if (versions) {
          count.setString(1, version);
        }
        try (ResultSet row = count.executeQuery()) {
          row.next();
          return row.getLong(1);
        }
      }
    } catch (SQLException failure) {
      throw unreachable(failure);
    }
  }

  @Override
  public Set<String> holders(DatabaseAccess access, String systemDatabase, String version)
      throws DriverFailure {
    try (Connection connection = connect(access, systemDatabase)) {
      SystemTables tables = SystemTables.look(connection);
      if (!tables.has("status") || !tables.has("executor_id")) {
        return Set.of();
      }
      Set<String> holders = new HashSet<>();
      try (PreparedStatement select =
          connection.prepareStatement(
              "select distinct left(executor_id, 200) from dbos.workflow_status where executor_id is not null"
                  + pendingOf(tables)
                  + " limit "
                  + MOST_HOLDERS)) {
        if (tables.has("application_version")) {
          select.setString(1, version);
        }
        // It is asked all the time, for one application after the other: none holds up the others.
        select.setQueryTimeout(HOLDERS_SECONDS);
        try (ResultSet row = select.executeQuery()) {
          while (row.next()) {
            holders.add(row.getString(1));
          }
        }
      }
      return holders;
    } catch (SQLException failure) {
      throw unreachable(failure);
    }
  }

  @Override
  public void handOver(
      DatabaseAccess access,
      String systemDatabase,
      String version,
      Collection<String> from,
      String to)
      throws DriverFailure {
    try (Connection connection = connect(access, systemDatabase)) {
      SystemTables tables = SystemTables.look(connection);
      if (!tables.has("status") || !tables.has("executor_id")) {
        return;
      }
      try (PreparedStatement update =
          connection.prepareStatement(
              "update dbos.workflow_status set executor_id = ? where executor_id = any (?)"
                  + pendingOf(tables))) {
        update.setString(1, to);
        update.setArray(2, connection.createArrayOf("text", from.toArray()));
        if (tables.has("application_version")) {
          update.setString(3, version);
        }
        update.executeUpdate();
      }
    } catch (SQLException failure) {
      throw unreachable(failure);
    }
  }

  @Override
  public List<String> activeWorkflowsOfOthers(
      DatabaseAccess access, String systemDatabase, String version, int most) throws DriverFailure {
    try (Connection connection = connect(access, systemDatabase)) {
      SystemTables tables = SystemTables.look(connection);
      if (!tables.has("status")) {
        return List.of();
      }
      // What waits without a version is whoever's takes it, as in activeWorkflows.
      String others =
          tables.has("application_version")
              ? " and coalesce(application_version <> ?, status = 'PENDING')"
              : " and ? is not null";
      try (PreparedStatement select =
          connection.prepareStatement(
              "select workflow_uuid from dbos.workflow_status"
                  + " where status in ('PENDING', 'ENQUEUED')"
                  + others
                  + " order by created_at, workflow_uuid limit ?")) {
        select.setString(1, version);
        select.setInt(2, most);
        try (ResultSet rows = select.executeQuery()) {
          List<String> found = new ArrayList<>();
          while (rows.next()) {
            found.add(rows.getString(1));
          }
          return found;
        }
      }
    } catch (SQLException failure) {
      throw unreachable(failure);
    }
  }

  private static String pendingOf(SystemTables tables) {
    return " and status = 'PENDING'"
        + (tables.has("application_version") ? " and application_version = ?" : "");
  }

  /// A connection as the application's role. Names in statements mean what the catalogue says,
  /// whatever the database's owner has set.
  Connection connect(DatabaseAccess access, String database) throws DriverFailure {
    var properties = new Properties();
    properties.setProperty("user", access.role());
    properties.setProperty("password", open(access));
    properties.setProperty("connectTimeout", SECONDS);
    properties.setProperty("loginTimeout", SECONDS);
    properties.setProperty("socketTimeout", ANSWER_SECONDS);
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("ApplicationName", "slipway");
    properties.setProperty("options", "-c search_path=pg_catalog -c statement_timeout=50000");
    try {
      if (access.linked()) {
        return LinkedServers.open(
            access.host(), access.port(), database, properties, LARGEST_FOREIGN_RESULT);
      }
      // What is in there is the application's, and may be of any size.
      properties.setProperty("maxResultBuffer", LARGEST_RESULT);
      trust
          .stringPropertyNames()
          .forEach(name -> properties.setProperty(name, trust.getProperty(name)));
      String host = access.host().contains(":") ? '[' + access.host() + ']' : access.host();
      return DriverManager.getConnection(
          "jdbc:postgresql://%s:%d/%s".formatted(host, access.port(), database), properties);
    } catch (SQLException failure) {
      throw unreachable(failure);
    }
  }

  private String open(DatabaseAccess access) {
    return new String(
        keys.decrypt(
            Base64.getDecoder().decode(access.sealedPassword()),
            DatabaseAccess.purpose(access.application(), access.instance())),
        StandardCharsets.UTF_8);
  }

  /// The message is public, so it says nothing that the server said.
  static DriverFailure.Transient unreachable(SQLException failure) {
    return new DriverFailure.Transient(
        "unreachable", "the application's database does not answer", failure);
  }

  static void close(Connection connection) {
    try {
      connection.close();
    } catch (SQLException broken) {
      System.getLogger(JdbcApplicationDatabases.class.getName())
          .log(System.Logger.Level.DEBUG, "A connection was broken when it was closed", broken);
    }
  }
}
