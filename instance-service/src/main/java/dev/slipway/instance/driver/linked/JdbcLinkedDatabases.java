package dev.slipway.instance.driver.linked;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.linked.LinkedServers;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Epochs;
import dev.slipway.common.operation.Fence;
import dev.slipway.instance.driver.DatabaseLocation;
import dev.slipway.instance.driver.DatabaseSet;
import dev.slipway.instance.driver.LinkedDatabases;
import dev.slipway.instance.driver.sql.SetSession;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Objects;
import java.util.Properties;

/// Applications' databases on linked servers, made by the role that was linked, which needs
/// CREATEDB and CREATEROLE.
///
/// **Why the epoch in the control database is enough.** It is read while the set's lock on the
/// server is held. Who comes later raised it before it acts: either that was before it was read
/// here, and this call is refused; or it was after, and then the newcomer meets the lock and ends
/// this session before it does anything.
@Singleton
public final class JdbcLinkedDatabases implements LinkedDatabases {

  private static final String SECONDS = "10";
  private static final String PATIENCE = "30";

  private final InstallationKeys keys;
  private final Epochs epochs;

  @Inject
  public JdbcLinkedDatabases(InstallationKeys keys, Epochs epochs) {
    this.keys = keys;
    this.epochs = epochs;
  }

  /// What is done in a session that holds a set's lock.
  private interface SetWork<T> {
    T on(SetSession session, boolean superuser) throws SQLException, DriverFailure;
  }

  @Override
  public void ensure(
      Fence fence, DatabaseLocation.Linked location, DatabaseSet set, ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    inSet(
        fence,
        location,
        set,
        (session, superuser) -> {
          // A superuser is its owner's; what it is in a database is not the platform's to change.
          session.ensure(location.role(), verifier, !superuser);
          return set;
        });
  }

  @Override
  public Gone drop(
      Fence fence, DatabaseLocation.Linked location, DatabaseSet set, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    return inSet(
        fence, location, set, (session, superuser) -> session.drop(location.role(), expected));
  }

  private <T> T inSet(
      Fence fence, DatabaseLocation.Linked location, DatabaseSet set, SetWork<T> work)
      throws DriverFailure, InterruptedException {
    set.requireSubject(fence);
    var properties = new Properties();
    properties.setProperty("user", location.role());
    properties.setProperty(
        "password", JdbcLinkedServer.open(keys, location.instance(), location.sealedPassword()));
    properties.setProperty("connectTimeout", SECONDS);
    properties.setProperty("loginTimeout", SECONDS);
    properties.setProperty("socketTimeout", PATIENCE);
    properties.setProperty("ApplicationName", SetSession.nameOf(fence));
    properties.setProperty("options", "-c search_path=pg_catalog -c client_min_messages=error");
    try (Connection connection =
        LinkedServers.open(
            location.endpoint().host(),
            location.endpoint().port(),
            JdbcLinkedServer.DATABASE,
            properties,
            JdbcLinkedServer.MOST_BYTES)) {
      boolean superuser = requireRights(connection, location);
      return work.on(SetSession.open(connection, fence, set, this::refuseOvertaken), superuser);
    } catch (SQLException e) {
      if (Thread.interrupted()) {
        throw (InterruptedException) new InterruptedException().initCause(e);
      }
      throw SetSession.failure(e).orElseGet(() -> failure(e, location));
    }
  }

  private void refuseOvertaken(Connection connection, Fence fence) throws DriverFailure {
    long current = epochs.current(fence.subject());
    if (current > fence.epoch()) {
      throw new DriverFailure.Fenced(fence, current);
    }
  }

  /// @return whether it is a superuser
  private static boolean requireRights(Connection connection, DatabaseLocation.Linked location)
      throws SQLException, DriverFailure {
    try (PreparedStatement select =
            connection.prepareStatement(
                "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user");
        ResultSet row = select.executeQuery()) {
      boolean known = row.next();
      boolean superuser = known && row.getBoolean(1);
      if (!superuser && !(known && row.getBoolean(2))) {
        throw missing("link-without-createdb", "databases", "CREATEDB", location);
      }
      if (!superuser && !row.getBoolean(3)) {
        throw missing("role-without-createrole", "roles", "CREATEROLE", location);
      }
      return superuser;
    }
  }

  private static DriverFailure missing(
      String code, String what, String right, DatabaseLocation.Linked location) {
    return new DriverFailure.Permanent(
        code,
        "The role %s of %s may not create %s: ALTER ROLE %s %s"
            .formatted(location.role(), location.endpoint(), what, location.role(), right));
  }

  private static DriverFailure failure(SQLException e, DatabaseLocation.Linked location) {
    String state = Objects.requireNonNullElse(e.getSQLState(), "");
    if (state.startsWith("28")) {
      return new DriverFailure.Permanent(
          "link-refused",
          "%s does not let the role %s in".formatted(location.endpoint(), location.role()),
          e);
    }
    if (state.startsWith("08") || state.startsWith("57")) {
      return new DriverFailure.Transient(
          "link-unreachable", "%s does not answer".formatted(location.endpoint()), e);
    }
    return new DriverFailure.Transient(
        "statement-failed",
        "%s refused a statement of the platform (%s)".formatted(location.endpoint(), state),
        e);
  }
}
