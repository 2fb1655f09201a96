package dev.slipway.instance.driver.sql;

import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.operation.DriverFailure;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;

/// The roles the platform makes on an instance. Names are people's and are always quoted;
/// verifiers consist of characters that need no quoting.
public final class Roles {

  private static final int LONGEST_NAME = 63;
  private static final Set<String> KEPT =
      Set.of("public", "none", PlatformConnection.SUPERUSER, "postgres");

  private Roles() {}

  /// @throws DriverFailure.Permanent when Postgres or the platform keeps the name for itself
  public static String quoted(String role) throws DriverFailure {
    boolean refused =
        role.isEmpty()
            || role.indexOf('\0') >= 0
            || role.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME
            || role.startsWith("pg_")
            || KEPT.contains(role);
    if (refused) {
      throw new DriverFailure.Permanent("role-refused", "this name cannot be given to a role");
    }
    return '"' + role.replace("\"", "\"\"") + '"';
  }

  public static void setOwnPassword(Statement statement, ScramVerifier verifier)
      throws SQLException {
    statement.execute(
        "ALTER ROLE " + PlatformConnection.SUPERUSER + " PASSWORD '" + verifier.value() + "'");
  }

  /// LOGIN, CREATEDB and CREATEROLE, never a superuser; may make schemas and tables in `postgres`,
  /// which it does not own, and let roles of its own in there.
  public static void ensureAdministrator(Statement statement, String role, ScramVerifier verifier)
      throws SQLException, DriverFailure {
    String name = quoted(role);
    statement.execute(
        (exists(statement, role) ? "ALTER" : "CREATE")
            + " ROLE "
            + name
            + " LOGIN CREATEDB CREATEROLE NOSUPERUSER NOREPLICATION NOBYPASSRLS PASSWORD '"
            + verifier.value()
            + "'; GRANT CONNECT, TEMPORARY, CREATE ON DATABASE postgres TO "
            + name
            + " WITH GRANT OPTION; GRANT ALL ON SCHEMA public TO "
            + name);
  }

  public static void require(Statement statement, String role) throws SQLException, DriverFailure {
    if (!exists(statement, role)) {
      throw new DriverFailure.Permanent("role-missing", "the instance has no such role any more");
    }
  }

  public static void setPassword(Statement statement, String role, ScramVerifier verifier)
      throws SQLException, DriverFailure {
    String name = quoted(role);
    require(statement, role);
    statement.execute("ALTER ROLE " + name + " PASSWORD '" + verifier.value() + "'");
  }

  private static boolean exists(Statement statement, String role) throws SQLException {
    try (PreparedStatement query =
        statement.getConnection().prepareStatement("SELECT 1 FROM pg_roles WHERE rolname = ?")) {
      query.setString(1, role);
      try (ResultSet row = query.executeQuery()) {
        return row.next();
      }
    }
  }
}
