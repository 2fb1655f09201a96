package dev.slipway.instance.driver.linked;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.linked.LinkedServers;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.instance.driver.LinkedServer;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Base64;
import java.util.Properties;

/// Signs in to a linked server over JDBC, with TLS where the server offers it.
@Singleton
public final class JdbcLinkedServer implements LinkedServer {

  /// Where the platform signs in.
  static final String DATABASE = "postgres";

  /// A sign-in and some statements take a few thousand.
  static final int MOST_BYTES = 1 << 20;

  private static final String SECONDS = "10";

  /// Shorter than any look, so that nobody being there is not taken for somebody being slow.
  private static final String SECONDS_TO_CONNECT = "4";

  private final InstallationKeys keys;

  @Inject
  public JdbcLinkedServer(InstallationKeys keys) {
    this.keys = keys;
  }

  /// Encrypts the password of a linked instance.
  public static String seal(InstallationKeys keys, String instance, String password) {
    return Base64.getEncoder()
        .encodeToString(keys.encrypt(password.getBytes(StandardCharsets.UTF_8), purpose(instance)));
  }

  @Override
  public void check(String instance, Endpoint endpoint, String role, String sealedPassword)
      throws DriverFailure, InterruptedException {
    var properties = new Properties();
    properties.setProperty("user", role);
    properties.setProperty("password", open(keys, instance, sealedPassword));
    properties.setProperty("connectTimeout", SECONDS_TO_CONNECT);
    properties.setProperty("loginTimeout", SECONDS);
    properties.setProperty("socketTimeout", SECONDS);
    properties.setProperty("options", "-c search_path=pg_catalog");
    try (Connection connection =
            LinkedServers.open(endpoint.host(), endpoint.port(), DATABASE, properties, MOST_BYTES);
        PreparedStatement select =
            connection.prepareStatement(
                "select rolcreatedb or rolsuper from pg_catalog.pg_roles where rolname = current_user");
        ResultSet row = select.executeQuery()) {
      if (!row.next() || !row.getBoolean(1)) {
        throw new DriverFailure.Permanent(
            "link-without-createdb",
            "The role %s of %s may not create databases: ALTER ROLE %s CREATEDB"
                .formatted(role, endpoint, role));
      }
    } catch (SQLException failure) {
      // Cut off by whoever looks, not refused by the server.
      if (Thread.interrupted()) {
        throw (InterruptedException) new InterruptedException().initCause(failure);
      }
      throw refusal(endpoint, role, failure);
    }
  }

  /// The server's own words are not passed on: nobody knows what it says.
  private static DriverFailure refusal(Endpoint endpoint, String role, SQLException failure) {
    String state = String.valueOf(failure.getSQLState());
    if (state.startsWith("28")) {
      return new DriverFailure.Permanent(
          "link-refused", "%s does not let the role %s in".formatted(endpoint, role), failure);
    }
    return switch (state) {
      case "42501" ->
          new DriverFailure.Permanent(
              "link-refused",
              "The role %s may not connect to the database postgres of %s: GRANT CONNECT ON DATABASE postgres TO %s"
                  .formatted(role, endpoint, role),
              failure);
      case "3D000" ->
          new DriverFailure.Permanent(
              "link-refused", "%s has no database named postgres".formatted(endpoint), failure);
      case "53300" ->
          new DriverFailure.Permanent(
              "link-refused", "%s has no connection left to give".formatted(endpoint), failure);
      case "57P03" ->
          new DriverFailure.Permanent(
              "link-unreachable", "%s is just starting or stopping".formatted(endpoint), failure);
      default ->
          new DriverFailure.Permanent(
              "link-unreachable",
              "%s does not answer as a Postgres server would".formatted(endpoint),
              failure);
    };
  }

  static String open(InstallationKeys keys, String instance, String sealed) {
    return new String(
        keys.decrypt(Base64.getDecoder().decode(sealed), purpose(instance)),
        StandardCharsets.UTF_8);
  }

  private static String purpose(String instance) {
    return "the password of the linked instance " + instance;
  }
}
