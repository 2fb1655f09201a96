package dev.slipway.localstack;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

/// The services' databases on the control Postgres, wherever that is: each service has a role of
/// its own, which owns the database of the same name and may enter no other.
public final class ServiceDatabases {

  private ServiceDatabases() {}

  /// Makes what is missing, and gives every role the password it is to have.
  ///
  /// @param connection of a superuser
  /// @param services role and password of each service
  public static void ensure(Connection connection, Map<String, String> services)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (Map.Entry<String, String> service : services.entrySet()) {
        ensure(connection, statement, service.getKey(), service.getValue());
      }
    }
  }

  private static void ensure(
      Connection connection, Statement statement, String name, String password)
      throws SQLException {
    String quoted = statement.enquoteIdentifier(name, true);
    String attributes =
        "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD "
            + statement.enquoteLiteral(ScramVerifier.of(password));
    boolean known = exists(connection, "SELECT FROM pg_catalog.pg_roles WHERE rolname = ?", name);
    statement.execute((known ? "ALTER" : "CREATE") + " ROLE " + quoted + " WITH " + attributes);
    if (!exists(connection, "SELECT FROM pg_catalog.pg_database WHERE datname = ?", name)) {
      create(statement, quoted, quoted);
    }
  }

  /// Makes a database nobody but its owner may enter. Nobody is ever connected to `template0`, so
  /// nobody is in the way.
  static void create(Statement statement, String quotedName, String quotedOwner)
      throws SQLException {
    statement.execute(
        "CREATE DATABASE " + quotedName + " OWNER " + quotedOwner + " TEMPLATE template0");
    statement.execute("REVOKE ALL ON DATABASE " + quotedName + " FROM PUBLIC");
  }

  private static boolean exists(Connection connection, String query, String name)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setString(1, name);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next();
      }
    }
  }
}
