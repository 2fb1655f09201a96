package dev.slipway.instance.driver.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.instance.driver.DatabaseLocation;
import dev.slipway.instance.driver.DatabaseSet;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.TestPasswords;
import dev.slipway.instance.driver.linked.JdbcLinkedDatabases;
import dev.slipway.instance.driver.linked.JdbcLinkedServer;
import dev.slipway.instance.driver.sql.PlatformConnection;
import dev.slipway.instance.driver.sql.SetSession;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Databases on a server where the platform is no superuser: an instance is linked as if it were
/// somebody else's, through its administrator.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class LinkedDatabasesTest {

  private static final String ROLE = "demo_db";
  private static final String PASSWORD = "correct horse";

  private final Map<String, Long> epochs = new ConcurrentHashMap<>();

  @SuppressWarnings("NullAway.Init") // set before the first test
  private ProcessStage stage;

  @SuppressWarnings("NullAway.Init") // set before the first test
  private InstanceSpecification server;

  @SuppressWarnings("NullAway.Init") // set before the first test
  private DatabaseLocation.Linked location;

  @SuppressWarnings("NullAway.Init") // set before the first test
  private JdbcLinkedDatabases databases;

  @BeforeAll
  void open(@TempDir Path folder) throws Exception {
    stage = new ProcessStage();
    server = stage.specification();
    Fence fence = ProcessStage.fence(server, 1);
    stage.driver.create(fence, server);
    stage.driver.start(fence, server);
    stage.driver.secure(fence, server, ROLE, ScramVerifier.of(PASSWORD.toCharArray()));
    InstallationKeys keys = InstallationKeys.open(folder);
    databases = new JdbcLinkedDatabases(keys, subject -> epochs.getOrDefault(subject, 0L));
    String linked = Identifiers.next("ins");
    location =
        new DatabaseLocation.Linked(
            linked, server.endpoint(), ROLE, JdbcLinkedServer.seal(keys, linked, PASSWORD));
  }

  @AfterAll
  void close() {
    stage.close();
  }

  private DatabaseSet set(String name) {
    return new DatabaseSet(
        location.instance(), Identifiers.next("app"), name, List.of(name, name + "_dbos_sys"));
  }

  private void ensure(DatabaseSet set, long epoch) throws Exception {
    databases.ensure(
        new Fence(set.subject(), epoch),
        location,
        set,
        ScramVerifier.of("battery staple".toCharArray()));
  }

  private void drop(DatabaseSet set, long epoch) throws Exception {
    databases.drop(new Fence(set.subject(), epoch), location, set, set.resources());
  }

  private boolean exists(String database) throws SQLException {
    try (Connection connection = stage.connect(server, ROLE, PASSWORD);
        Statement statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                "SELECT 1 FROM pg_database WHERE datname = '" + database + "'")) {
      return rows.next();
    }
  }

  private void asSuperuser(String sql) throws SQLException {
    String password = new String(TestPasswords.derive("instance " + server.instance()));
    try (Connection connection = stage.connect(server, PlatformConnection.SUPERUSER, password);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static void assertFailsWith(String code, ThrowingCallable act) {
    assertThatExceptionOfType(DriverFailure.Permanent.class)
        .isThrownBy(act)
        .extracting(DriverFailure::code)
        .isEqualTo(code);
  }

  @Test
  void databasesAreMadeAndDroppedWithoutASuperuser() throws Exception {
    DatabaseSet set = set("linked_shop");

    ensure(set, 1);
    ensure(set, 1);
    boolean made = exists("linked_shop") && exists("linked_shop_dbos_sys");
    drop(set, 2);
    drop(set, 2);

    assertThat(made).isTrue();
    assertThat(exists("linked_shop")).isFalse();
    assertThat(exists("linked_shop_dbos_sys")).isFalse();
  }

  @Test
  void anotherApplicationsRoleIsLeftAlone() throws Exception {
    DatabaseSet first = set("linked_claimed");
    DatabaseSet second = set("linked_claimed");
    ensure(first, 1);

    assertFailsWith("role-taken", () -> ensure(second, 1));
    drop(second, 2);

    assertThat(exists("linked_claimed")).isTrue();
  }

  @Test
  void aMissingRightIsNamedWithWhatToTypeAndNothingIsMade() throws Exception {
    DatabaseSet set = set("linked_rights");
    asSuperuser("ALTER ROLE demo_db NOCREATEROLE");
    try {
      assertFailsWith("role-without-createrole", () -> ensure(set, 1));
      asSuperuser("ALTER ROLE demo_db NOCREATEDB");
      assertFailsWith("link-without-createdb", () -> ensure(set, 1));
    } finally {
      asSuperuser("ALTER ROLE demo_db CREATEDB CREATEROLE");
    }
    assertThat(exists("linked_rights")).isFalse();
  }

  @Test
  void whoWasOvertakenInTheControlDatabaseIsRefused() throws Exception {
    DatabaseSet set = set("linked_late");
    epochs.put(set.subject(), 7L);

    assertThatExceptionOfType(DriverFailure.Fenced.class).isThrownBy(() -> ensure(set, 6));

    assertThat(exists("linked_late")).isFalse();
  }

  /// The epoch was looked at, the service was suspended, and a newcomer came.
  @Test
  void aSessionThatWasOvertakenIsEndedByTheNewcomer() throws Exception {
    DatabaseSet set = set("linked_overtaken");
    var early = new Fence(set.subject(), 1);
    try (Connection suspended = stage.connect(server, ROLE, PASSWORD)) {
      try (Statement statement = suspended.createStatement()) {
        statement.execute("SET application_name TO '" + SetSession.nameOf(early) + "'");
        statement.execute("SET search_path TO pg_catalog");
      }
      SetSession.open(suspended, early, set, (connection, fence) -> {});

      drop(set, 2);

      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(
              () -> {
                try (Statement statement = suspended.createStatement()) {
                  statement.execute("CREATE DATABASE linked_overtaken");
                }
              });
    }
    assertThat(exists("linked_overtaken")).isFalse();
  }
}
