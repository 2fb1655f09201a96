package dev.slipway.instance.driver.sql;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.instance.driver.DatabaseSet;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.Observation;
import dev.slipway.instance.driver.ServerCertificates;
import dev.slipway.instance.driver.SuperuserPasswords;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What the platform does inside the servers of one driver, whatever runs them.
///
/// What changes roles keeps the fence inside the server, in the same transaction; what makes and
/// drops databases holds the set's lock there. What a driver knows of epochs outside the server it
/// checks before it calls.
public final class ServerSessions {

  private static final Duration SIGN_IN_PATIENCE = Duration.ofSeconds(5);
  private static final Duration SET_PATIENCE = Duration.ofSeconds(30);
  private static final Duration REFUSAL_INTERVAL = Duration.ofSeconds(2);

  private final ServerCertificates certificates;
  private final SuperuserPasswords passwords;
  private final Duration signInInterval;
  private final Function<InstanceSpecification, Endpoint> reach;
  private final Map<String, SignIn> signIns = new ConcurrentHashMap<>();

  /// @param server  which run of the server it was
  /// @param failure why the platform could not sign in, absent when it could
  private record SignIn(String server, Instant at, @Nullable Observation failure) {}

  /// @param signInInterval how long a successful sign-in is believed while the same server lives
  public ServerSessions(
      ServerCertificates certificates, SuperuserPasswords passwords, Duration signInInterval) {
    this(certificates, passwords, signInInterval, InstanceSpecification::endpoint);
  }

  /// @param reach where the platform finds a server, which clients may find elsewhere
  public ServerSessions(
      ServerCertificates certificates,
      SuperuserPasswords passwords,
      Duration signInInterval,
      Function<InstanceSpecification, Endpoint> reach) {
    this.certificates = certificates;
    this.passwords = passwords;
    this.signInInterval = signInInterval;
    this.reach = reach;
  }

  /// Where the platform finds this server.
  public Endpoint reached(InstanceSpecification specification) {
    return reach.apply(specification);
  }

  /// The name from which the password of the platform's role in an instance is derived.
  public static String passwordName(String instance) {
    return "instance " + instance;
  }

  /// Gives the platform's role this instance's own password and makes the administrator's role.
  ///
  /// @param passwordNames of the passwords that the platform's role may have, in the order to try
  public void secure(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      ScramVerifier verifier,
      List<String> passwordNames)
      throws DriverFailure, InterruptedException {
    char[] own = passwords.of(passwordName(specification.instance()));
    ScramVerifier ownVerifier;
    try {
      ownVerifier = ScramVerifier.ofKey(own);
    } finally {
      Arrays.fill(own, '\0');
    }
    act(
        fence,
        specification,
        passwordNames,
        statement -> {
          Roles.setOwnPassword(statement, ownVerifier);
          Roles.ensureAdministrator(statement, administrator, verifier);
        });
  }

  public void requireRole(Fence fence, InstanceSpecification specification, String role)
      throws DriverFailure, InterruptedException {
    act(
        fence,
        specification,
        List.of(passwordName(specification.instance())),
        statement -> Roles.require(statement, role));
  }

  public void resetPassword(
      Fence fence, InstanceSpecification specification, String role, ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    act(
        fence,
        specification,
        List.of(passwordName(specification.instance())),
        statement -> Roles.setPassword(statement, role, verifier));
  }

  /// Signs in with the first password that is accepted and works under the fence.
  private void act(
      Fence fence,
      InstanceSpecification specification,
      List<String> passwordNames,
      PlatformConnection.Work work)
      throws DriverFailure, InterruptedException {
    try (PlatformConnection connection = signIn(fence, reached(specification), passwordNames)) {
      connection.fenced(fence, work);
    } catch (SQLException e) {
      if (Thread.interrupted()) {
        throw (InterruptedException) new InterruptedException().initCause(e);
      }
      throw PlatformConnection.failure(e);
    }
  }

  private PlatformConnection signIn(Fence fence, Endpoint endpoint, List<String> passwordNames)
      throws SQLException {
    for (String name : passwordNames.subList(0, passwordNames.size() - 1)) {
      try {
        return signIn(fence, endpoint, name);
      } catch (SQLException e) {
        if (!PlatformConnection.signInRefused(e)) {
          throw e;
        }
      }
    }
    return signIn(fence, endpoint, passwordNames.getLast());
  }

  private PlatformConnection signIn(Fence fence, Endpoint endpoint, String passwordName)
      throws SQLException {
    char[] password = passwords.of(passwordName);
    try {
      return PlatformConnection.open(endpoint, certificates.authority(), password, fence);
    } finally {
      Arrays.fill(password, '\0');
    }
  }

  public void ensureDatabases(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      DatabaseSet set,
      ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    inSet(
        fence,
        specification,
        set,
        session -> {
          session.ensure(administrator, verifier, true);
          guard(specification, set);
          return set;
        });
  }

  /// Only the application's own database, the first, is migrated.
  private void guard(InstanceSpecification specification, DatabaseSet set) throws SQLException {
    char[] own = passwords.of(passwordName(specification.instance()));
    try (PlatformConnection connection =
        PlatformConnection.open(
            reached(specification),
            set.databases().getFirst(),
            certificates.authority(),
            own,
            "slipway guard",
            SET_PATIENCE)) {
      MigrationGuard.install(connection.session());
    } finally {
      Arrays.fill(own, '\0');
    }
  }

  public Gone dropDatabases(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      DatabaseSet set,
      Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    return inSet(fence, specification, set, session -> session.drop(administrator, expected));
  }

  /// What is done in a session that holds a set's lock.
  private interface SetWork<T> {
    T on(SetSession session) throws SQLException, DriverFailure;
  }

  private <T> T inSet(
      Fence fence, InstanceSpecification specification, DatabaseSet set, SetWork<T> work)
      throws DriverFailure, InterruptedException {
    set.requireSubject(fence);
    char[] own = passwords.of(passwordName(specification.instance()));
    try (PlatformConnection connection =
        PlatformConnection.open(
            reached(specification),
            certificates.authority(),
            own,
            SetSession.nameOf(fence),
            SET_PATIENCE)) {
      return work.on(SetSession.open(connection.session(), fence, set, PlatformConnection::raise));
    } catch (SQLException e) {
      if (Thread.interrupted()) {
        throw (InterruptedException) new InterruptedException().initCause(e);
      }
      throw SetSession.failure(e).orElseGet(() -> PlatformConnection.failure(e));
    } finally {
      Arrays.fill(own, '\0');
    }
  }

  // ---- Observing

  /// Whether the platform can sign in to a server that runs; a sign-in that succeeded is believed
  /// for a while, one that did not for a moment.
  ///
  /// @param server which run of the server this is: another one is asked anew
  public Observation observe(InstanceSpecification specification, String server, Instant now)
      throws InterruptedException {
    SignIn last = signIns.get(specification.instance());
    if (last != null && last.server().equals(server)) {
      Duration age = Duration.between(last.at(), now);
      if (last.failure() == null && age.compareTo(signInInterval) < 0) {
        return Observation.up(now);
      }
      if (last.failure() != null && age.compareTo(REFUSAL_INTERVAL) < 0) {
        return last.failure();
      }
    }
    Observation seen = trySignIn(specification, now);
    signIns.put(specification.instance(), new SignIn(server, now, seen.isUp() ? null : seen));
    return seen;
  }

  /// A real sign-in over TLS, now.
  public Observation trySignIn(InstanceSpecification specification, Instant now)
      throws InterruptedException {
    char[] own = passwords.of(passwordName(specification.instance()));
    try (PlatformConnection _ =
        PlatformConnection.open(
            reached(specification),
            certificates.authority(),
            own,
            "slipway observation",
            SIGN_IN_PATIENCE)) {
      return Observation.up(now);
    } catch (SQLException e) {
      if (Thread.interrupted()) {
        throw (InterruptedException) new InterruptedException().initCause(e);
      }
      DriverFailure failure = PlatformConnection.failure(e);
      return switch (failure.code()) {
        case "sign-in-refused" -> Observation.down("the platform cannot sign in", now);
        case "starting" -> Observation.down("PostgreSQL is starting", now);
        default -> Observation.unknown("PostgreSQL runs, and did not answer a sign-in", now);
      };
    } finally {
      Arrays.fill(own, '\0');
    }
  }

  /// The next observation signs in, whatever was seen before.
  public void forget(String instance) {
    signIns.remove(instance);
  }
}
