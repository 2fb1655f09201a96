package dev.slipway.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ControlPostgresTest {

  private static final Duration SOON = Duration.ofMinutes(2);
  private static final Map<String, String> SERVICES =
      Map.of("account_service", "account-pass", "instance_service", "instance-pass");

  /// One data directory for all tests, each of which starts a server on it.
  private static TestFolder folder;

  private int port;
  private ControlPostgres postgres;

  @BeforeAll
  static void makeFolder() throws Exception {
    folder = TestFolder.create();
  }

  @AfterAll
  static void deleteFolder() throws IOException {
    folder.close();
  }

  @BeforeEach
  void start() throws Exception {
    port = FreePorts.find(1).getFirst();
    postgres = ControlPostgres.start(settings(SERVICES));
  }

  @AfterEach
  void stop() {
    postgres.close();
  }

  @Test
  void rowsSurviveAStopAndAStart() throws Exception {
    execute("CREATE TABLE t AS SELECT 7 AS a");
    long before = postgres.pid();

    postgres.close();
    assertThat(ProcessHandle.of(before).filter(ServerProcesses::living)).isEmpty();
    postgres = ControlPostgres.start(settings(SERVICES));

    assertThat(query("SELECT a FROM t")).isEqualTo(7);
  }

  @Test
  void aServiceReachesItsOwnDatabaseOnly() throws SQLException {
    connect("account_service", "account_service", "account-pass").close();

    assertThatThrownBy(() -> connect("instance_service", "account_service", "account-pass"))
        .hasMessageContaining("permission denied for database");
    assertThatThrownBy(() -> connect("account_service", "account_service", "wrong"))
        .hasMessageContaining("password authentication failed");
  }

  @Test
  void anotherPasswordIsTheServicesFromTheNextStartOn() throws Exception {
    postgres.close();

    postgres =
        ControlPostgres.start(
            settings(Map.of("account_service", "new-pass", "instance_service", "instance-pass")));

    connect("account_service", "account_service", "new-pass").close();
  }

  @Test
  void aKilledPostmasterComesBackAlthoughABackendWasBusy() throws Exception {
    execute("CREATE TABLE committed AS SELECT 7 AS a");
    long before = postgres.pid();
    long backend = startBusyBackend();

    ProcessHandle.of(before).orElseThrow().destroyForcibly();

    await().atMost(SOON).until(() -> postgres.pid() != before && postgres.answers());
    assertThat(query("SELECT a FROM committed")).isEqualTo(7);
    assertThat(ProcessHandle.of(backend).filter(ServerProcesses::living)).isEmpty();
  }

  @Test
  void aServerLeftRunningIsAdopted() throws Exception {
    long before = postgres.pid();
    postgres.abandon();

    postgres = ControlPostgres.start(settings(SERVICES));

    assertThat(postgres.pid()).isEqualTo(before);
  }

  @Test
  void aServerLeftRunningOnAnotherPortIsReplaced() throws Exception {
    long before = postgres.pid();
    postgres.abandon();
    port = FreePorts.find(1).getFirst();

    postgres = ControlPostgres.start(settings(SERVICES));

    assertThat(postgres.pid()).isNotEqualTo(before);
    assertThat(ProcessHandle.of(before).filter(ServerProcesses::living)).isEmpty();
    assertThat(query("SELECT 1")).isEqualTo(1);
  }

  @Test
  void leftoversOfAServerThatDiedUnwatchedAreEndedBeforeTheNext() throws Exception {
    long backend = startBusyBackend();
    postgres.abandon();
    ProcessHandle.of(postgres.pid()).orElseThrow().destroyForcibly();

    postgres = ControlPostgres.start(settings(SERVICES));

    assertThat(ProcessHandle.of(backend).filter(ServerProcesses::living)).isEmpty();
    assertThat(query("SELECT 1")).isEqualTo(1);
  }

  @Test
  void aPidFileThatNamesSomebodyElsesProcessIsNotBelieved() throws Exception {
    postgres.close();
    Path file = PostmasterFile.in(TestFolder.control(folder.path()));
    Files.writeString(file, ProcessHandle.current().pid() + "\n/\n1\n1\n\n\n\nready\n");

    postgres = ControlPostgres.start(settings(SERVICES));

    assertThat(postgres.pid()).isNotEqualTo(ProcessHandle.current().pid());
    assertThat(query("SELECT 1")).isEqualTo(1);
  }

  private ControlPostgres.Settings settings(Map<String, String> services) throws IOException {
    return new ControlPostgres.Settings(
        PostgresBinaries.ensure(TestFolder.binaries(folder.path())),
        TestFolder.control(folder.path()),
        folder.path().resolve("control.log"),
        port,
        "secret",
        services,
        false);
  }

  /// A backend that computes for hours and looks at nothing else meanwhile.
  private long startBusyBackend() throws SQLException {
    Connection connection = postgres.connect("account_service");
    long pid = query(connection, "SELECT pg_backend_pid()");
    Thread.ofVirtual()
        .start(
            () -> {
              try (connection) {
                query(connection, "SELECT count(*) FROM generate_series(1, 1000000000000)");
              } catch (SQLException ended) {
                // As it is meant to.
              }
            });
    String busy = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid = " + pid;
    await().atMost(SOON).until(() -> query(busy) == 1);
    return pid;
  }

  private Connection connect(String database, String user, String password) throws SQLException {
    return ControlPostgres.connect(port, database, user, password);
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = postgres.connect("account_service");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private long query(String sql) throws SQLException {
    try (Connection connection = postgres.connect("account_service")) {
      return query(connection, sql);
    }
  }

  private static long query(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      assertThat(rows.next()).isTrue();
      return rows.getLong(1);
    }
  }
}
