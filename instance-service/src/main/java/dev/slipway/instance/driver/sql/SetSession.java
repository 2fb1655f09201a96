package dev.slipway.instance.driver.sql;

import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.instance.driver.DatabaseSet;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One session on a server that holds the lock of a set of databases and acts on it.
///
/// Databases are made and dropped outside of any transaction, so an epoch cannot be checked in the
/// same one. What keeps an overtaken caller from acting is the session itself: it holds an advisory
/// lock from before the epoch is checked until it ends; who comes with a higher epoch ends the
/// holder's session first, and a statement that is sent on an ended session has no effect. A caller
/// that wakes up with no session has to take the lock again, and is then refused by its epoch.
///
/// A role belongs to an application when its comment says so, which only the platform can write; a
/// database belongs to whom its owner belongs to. Names come from [DatabaseSet], which has checked
/// them, and are quoted nevertheless.
public final class SetSession {

  /// Refuses an epoch that has been overtaken, in the transaction of the connection.
  @FunctionalInterface
  public interface Guard {
    void check(Connection connection, Fence fence) throws SQLException, DriverFailure;
  }

  /// What is done in one transaction.
  private interface Work {
    void on(Statement statement) throws SQLException, DriverFailure;
  }

  private static final String MARK = "slipway databases epoch ";
  private static final String COMMENT = "slipway application ";
  private static final String ATTRIBUTES =
      " NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS";
  private static final int CONNECTIONS = 60;
  private static final int LOCK_TRIES = 20;

  /// From this version on, a membership says whether it is inherited and may be taken on.
  private static final int SIXTEEN = 16;

  private final Connection connection;
  private final Fence fence;
  private final DatabaseSet set;
  private final Guard guard;

  private SetSession(Connection connection, Fence fence, DatabaseSet set, Guard guard) {
    this.connection = connection;
    this.fence = fence;
    this.set = set;
    this.guard = guard;
  }

  /// The name a session has to have, so that others see whether they may end it.
  public static String nameOf(Fence fence) {
    return MARK + fence.epoch();
  }

  /// Takes the set's lock for as long as the connection lives, and checks the epoch once it is
  /// held.
  ///
  /// @param connection to the database `postgres`, named by [#nameOf], with a search path nobody
  ///     else can change
  public static SetSession open(Connection connection, Fence fence, DatabaseSet set, Guard guard)
      throws SQLException, DriverFailure {
    var session = new SetSession(connection, fence, set, guard);
    connection.setAutoCommit(true);
    session.lock();
    session.fenced(statement -> {});
    return session;
  }

  private void lock() throws SQLException, DriverFailure {
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
      try (PreparedStatement lock =
          connection.prepareStatement("SELECT pg_try_advisory_lock(hashtextextended(?, 0))")) {
        lock.setString(1, fence.subject());
        try (ResultSet row = lock.executeQuery()) {
          if (row.next() && row.getBoolean(1)) {
            return;
          }
        }
      }
      endHolder();
    }
    throw busy();
  }

  /// Ends whoever holds the lock, unless it is the platform under this epoch or a higher one.
  /// Others have no business with it, and could keep the platform out.
  private void endHolder() throws SQLException, DriverFailure {
    try (PreparedStatement holders =
        connection.prepareStatement(
            """
            SELECT l.pid, CASE WHEN a.usename = current_user AND a.application_name ~ ?
                               THEN substr(a.application_name, ?)::bigint END
            FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended(?, 0)""")) {
      holders.setString(1, "^" + MARK + "[0-9]{1,18}$");
      holders.setInt(2, MARK.length() + 1);
      holders.setString(3, fence.subject());
      try (ResultSet rows = holders.executeQuery()) {
        while (rows.next()) {
          long epoch = rows.getLong(2);
          boolean platforms = !rows.wasNull();
          if (platforms && epoch == fence.epoch()) {
            throw busy();
          }
          if (platforms && epoch > fence.epoch()) {
            throw new DriverFailure.Fenced(fence, epoch);
          }
          end(rows.getInt(1));
        }
      }
    }
  }

  /// The lock is free when the server's process has ended, which takes it a moment.
  private void end(int process) throws SQLException {
    try (PreparedStatement end =
        connection.prepareStatement("SELECT pg_terminate_backend(?, 2000)")) {
      end.setInt(1, process);
      end.execute();
    }
  }

  private static DriverFailure busy() {
    return new DriverFailure.Transient(
        "busy", "another call works on these databases at the moment");
  }

  // ---- Ensure

  /// Makes what is missing, and gives the role the verifier.
  ///
  /// @param administrator becomes a member of the role
  /// @param actsAsOwner   whether what the administrator makes in the databases is to be the role's
  public void ensure(String administrator, ScramVerifier verifier, boolean actsAsOwner)
      throws SQLException, DriverFailure {
    String role = quoted(set.role());
    String member = quoted(administrator);
    fenced(
        statement -> {
          requireOwn();
          // Only a superuser may name those attributes of a role that exists, and only one could
          // have changed them.
          statement.execute(
              (exists(set.role()) ? "ALTER ROLE " + role : "CREATE ROLE " + role + ATTRIBUTES)
                  + " LOGIN CONNECTION LIMIT "
                  + CONNECTIONS
                  + " PASSWORD '"
                  + verifier.value()
                  + "'");
          statement.execute("COMMENT ON ROLE " + role + " IS '" + ownComment() + "'");
          statement.execute(
              "GRANT "
                  + role
                  + " TO "
                  + member
                  + (version() >= SIXTEEN ? " WITH ADMIN FALSE, INHERIT TRUE, SET TRUE" : ""));
        });
    for (String name : set.databases()) {
      make(name);
    }
    fenced(
        statement -> {
          for (String name : set.databases()) {
            String database = quoted(name);
            statement.execute("REVOKE ALL ON DATABASE " + database + " FROM PUBLIC");
            if (actsAsOwner) {
              statement.execute(
                  "ALTER ROLE " + member + " IN DATABASE " + database + " SET role TO " + role);
            }
            statement.execute("ALTER DATABASE " + database + " ALLOW_CONNECTIONS true");
          }
        });
  }

  /// Before anything is changed: nothing that has one of the names is somebody else's.
  private void requireOwn() throws SQLException, DriverFailure {
    if (exists(set.role()) && !isOwn(set.role())) {
      throw new DriverFailure.Permanent(
          "role-taken",
          "the role %s of the database instance is not this application's".formatted(set.role()));
    }
    for (String name : set.databases()) {
      Optional<Found> found = find(name);
      if (found.isPresent() && !found.get().owner().equals(set.role())) {
        throw new DriverFailure.Permanent(
            "database-taken",
            "the database %s of the database instance belongs to the role %s, not to this application"
                .formatted(name, found.get().owner()));
      }
    }
  }

  /// Nobody gets in before it is closed to the public.
  private void make(String name) throws SQLException {
    Optional<Found> found = find(name);
    if (found.isPresent() && !found.get().broken()) {
      return;
    }
    try (Statement statement = connection.createStatement()) {
      if (found.isPresent()) {
        statement.execute("DROP DATABASE IF EXISTS " + quoted(name) + " WITH (FORCE)");
      }
      statement.execute(
          "CREATE DATABASE "
              + quoted(name)
              + " OWNER "
              + quoted(set.role())
              + " ALLOW_CONNECTIONS false");
    }
  }

  // ---- Drop

  /// Removes what is expected and the application's.
  public Gone drop(String administrator, Collection<Resource> expected)
      throws SQLException, DriverFailure {
    Map<Resource, String> proofs = new LinkedHashMap<>();
    for (Resource resource : expected) {
      if (resource.kind().equals("database")) {
        proofs.put(resource, dropDatabase(set.nameOf(resource)));
      }
    }
    for (Resource resource : expected) {
      if (resource.kind().equals("role")) {
        proofs.put(resource, dropRole(set.nameOf(resource), administrator));
      }
    }
    return new Gone(proofs);
  }

  private String dropDatabase(String name) throws SQLException, DriverFailure {
    Optional<Found> found = find(name);
    if (found.isEmpty()) {
      return "the server has no such database";
    }
    if (!isOwn(found.get().owner())) {
      return "the database of this name is somebody else's";
    }
    fenced(
        statement -> {
          if (!found.get().broken()) {
            statement.execute(
                "ALTER DATABASE "
                    + quoted(name)
                    + " WITH IS_TEMPLATE false ALLOW_CONNECTIONS false");
          }
        });
    try (Statement statement = connection.createStatement()) {
      statement.execute("DROP DATABASE IF EXISTS " + quoted(name) + " WITH (FORCE)");
    }
    if (find(name).isPresent()) {
      throw new DriverFailure.Transient("database-remains", "the database is still there");
    }
    return "the server has no such database any more";
  }

  private String dropRole(String name, String administrator) throws SQLException, DriverFailure {
    if (!exists(name)) {
      return "the server has no such role";
    }
    if (!isOwn(name)) {
      return "the role of this name is somebody else's";
    }
    String role = quoted(name);
    fenced(statement -> statement.execute("ALTER ROLE " + role + " NOLOGIN"));
    endSessionsOf(name);
    fenced(
        statement -> {
          statement.execute("REASSIGN OWNED BY " + role + " TO " + quoted(administrator));
          statement.execute("DROP OWNED BY " + role);
          statement.execute("DROP ROLE " + role);
        });
    return "the server has no such role any more";
  }

  private void endSessionsOf(String role) throws SQLException {
    try (PreparedStatement end =
        connection.prepareStatement(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ?")) {
      end.setString(1, role);
      end.execute();
    }
  }

  // ---- Looking

  /// @param broken left over from a drop that was cut off; it can only be dropped
  private record Found(String owner, boolean broken) {}

  private Optional<Found> find(String database) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            SELECT r.rolname, d.datconnlimit = -2
            FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = ?""")) {
      select.setString(1, database);
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(new Found(row.getString(1), row.getBoolean(2)))
            : Optional.empty();
      }
    }
  }

  private boolean exists(String role) throws SQLException {
    return comment(role).isPresent();
  }

  private boolean isOwn(String role) throws SQLException {
    return comment(role)
        .filter(comment -> comment.startsWith(COMMENT))
        .filter(comment -> set.has(comment.substring(COMMENT.length())))
        .isPresent();
  }

  private String ownComment() {
    return COMMENT + set.application();
  }

  /// What is said of a role, empty text for nothing; empty when there is no such role.
  private Optional<String> comment(String role) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT coalesce(shobj_description(oid, 'pg_authid'), '') FROM pg_roles WHERE rolname = ?")) {
      select.setString(1, role);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
      }
    }
  }

  private int version() throws SQLException {
    return connection.getMetaData().getDatabaseMajorVersion();
  }

  // ---- Statements

  private void fenced(Work work) throws SQLException, DriverFailure {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      guard.check(connection, fence);
      work.on(statement);
    } catch (SQLException | DriverFailure e) {
      try {
        connection.rollback();
        connection.setAutoCommit(true);
      } catch (SQLException unreachable) {
        e.addSuppressed(unreachable);
      }
      throw e;
    }
    try {
      connection.commit();
    } catch (SQLException e) {
      throw new DriverFailure.Unknown(
          "outcome-unknown", "the connection was lost while a change was being committed", e);
    }
    connection.setAutoCommit(true);
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /// What an error of the server means for the step; empty when it says nothing of databases.
  public static Optional<DriverFailure> failure(SQLException e) {
    @Nullable String state = e.getSQLState();
    return Optional.ofNullable(
        switch (Objects.requireNonNullElse(state, "")) {
          case "55006" ->
              new DriverFailure.Transient(
                  "database-in-use", "a database is in use in a way that cannot be ended", e);
          case "2BP01" ->
              new DriverFailure.Permanent(
                  "role-in-use",
                  "something in another database of the instance belongs to the application's role",
                  e);
          case "42501" ->
              new DriverFailure.Permanent(
                  "rights-missing", "the platform's role may not do this on the server", e);
          default -> null;
        });
  }
}
