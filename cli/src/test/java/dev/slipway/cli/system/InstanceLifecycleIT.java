package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// An instance from its beginning to its end, as its owner sees it, and what is left afterwards.
@Isolated("measures, and kills servers")
final class InstanceLifecycleIT {

  private static final String PASSWORD = "first-password-1";

  private final PlatformFromOutside platform = PlatformFromOutside.shared();

  @Test
  void anInstanceAnswersOverVerifiedTlsAndRunsSeveralDatabases() throws SQLException {
    User ann = platform.register("ann_lives");
    ann.provision("shop", PASSWORD);
    ann.awaitAvailable("shop");
    try (Connection connection = ann.connect("shop", PASSWORD);
        Statement statement = connection.createStatement()) {
      assertThat(User.query(connection, "select ssl from pg_stat_ssl where pid = pg_backend_pid()"))
          .isEqualTo("t");
      statement.execute("create database orders");
      statement.execute("create database stock");
      assertThat(
              User.query(
                  connection,
                  "select count(*) from pg_database where datname in ('orders', 'stock')"))
          .isEqualTo("2");
      assertThat(
              User.query(connection, "select rolsuper from pg_roles where rolname = current_user"))
          .isEqualTo("f");
    }
    ann.destroy("shop");
  }

  @Test
  void aNewPasswordReplacesTheOldOneAndKeepsOpenConnections() throws SQLException {
    User ann = platform.register("ann_resets");
    ann.provision("shop", PASSWORD);
    ann.awaitAvailable("shop");
    try (Connection open = ann.connect("shop", PASSWORD)) {
      String started = User.query(open, "select pg_postmaster_start_time()::text");
      ann.call(
          "POST", ann.databases() + "/userdb/shop/credentials", Map.of("Password", "second-one-2"));
      assertThat(User.query(open, "select pg_postmaster_start_time()::text")).isEqualTo(started);
    }
    assertThatThrownBy(() -> ann.connect("shop", PASSWORD).close())
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("password authentication failed");
    ann.connect("shop", "second-one-2").close();
    ann.destroy("shop");
  }

  @Test
  void aDestroyedInstanceLeavesNothingAndItsNameIsFree() throws IOException {
    User ann = platform.register("ann_ends");
    ann.provision("shop", PASSWORD);
    JsonNode info = ann.awaitAvailable("shop");
    String id = info.path("ID").asText();
    Path folder = platform.home().resolve("data/instances").resolve(id);
    assertThat(folder).exists();
    ann.destroy("shop");
    assertThat(folder).doesNotExist();
    assertThat(processesOf(id)).isEmpty();
    new ServerSocket(info.path("Port").asInt()).close();
    assertThat(platform.openLedger()).noneMatch(row -> row.contains(id));
    assertThat(
            platform.query(
                "instance-service", "select proof from ledger where subject = '%s'".formatted(id)))
        .isNotEmpty()
        .doesNotContainNull();
    HttpResponse<String> gone = ann.exchange("GET", ann.databases() + "/userdb/info/shop", null);
    assertThat(gone.statusCode()).isEqualTo(404);
    ann.provision("shop", PASSWORD);
    ann.awaitAvailable("shop");
    ann.destroy("shop");
  }

  @Test
  void anotherOrganizationsInstanceAnswersAsAnUnknownOne() {
    User ann = platform.register("ann_owns");
    User bob = platform.register("bob_looks");
    ann.provision("shop", PASSWORD);
    ann.awaitAvailable("shop");
    HttpResponse<String> own =
        bob.exchange("GET", "/v1alpha1/bob_looks/databases/userdb/info/shop", null);
    assertThat(own.statusCode()).isEqualTo(404);
    HttpResponse<String> foreign =
        bob.exchange("GET", "/v1alpha1/ann_owns/databases/userdb/info/shop", null);
    HttpResponse<String> unknown =
        bob.exchange("GET", "/v1alpha1/nobody_here/databases/userdb/info/shop", null);
    assertThat(foreign.statusCode()).isEqualTo(unknown.statusCode()).isEqualTo(404);
    assertThat(foreign.body().replaceAll("req_\\w+", "").replace("ann_owns", "X"))
        .isEqualTo(unknown.body().replaceAll("req_\\w+", "").replace("nobody_here", "X"));
    ann.destroy("shop");
  }

  @Test
  void aKilledServerWithABusyBackendIsBackWithinSeconds() throws Exception {
    User ann = platform.register("ann_repairs");
    ann.provision("shop", PASSWORD);
    JsonNode info = ann.awaitAvailable("shop");
    Connection busy = ann.connect("shop", PASSWORD);
    Thread sleeper =
        Thread.ofVirtual()
            .start(
                () -> {
                  try (busy;
                      Statement statement = busy.createStatement()) {
                    statement.execute("select pg_sleep(600)");
                  } catch (SQLException ended) {
                    // The repair ends the backend.
                  }
                });
    Path pidFile =
        platform
            .home()
            .resolve("data/instances")
            .resolve(info.path("ID").asText())
            .resolve("data/postmaster.pid");
    long postmaster = postmaster(pidFile);
    ProcessHandle.of(postmaster).orElseThrow().destroyForcibly();
    long killed = System.nanoTime();
    Awaitility.await("it is back")
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .ignoreExceptions()
        .until(
            () -> {
              ann.connect("localhost", info.path("Port").asInt(), PASSWORD).close();
              return true;
            });
    Duration took = Duration.ofNanos(System.nanoTime() - killed);
    System.out.printf("A killed server with a busy backend is back after %d ms%n", took.toMillis());
    assertThat(postmaster(pidFile)).as("another server answers").isNotEqualTo(postmaster);
    // Usually it takes a few hundred milliseconds.
    assertThat(took).isLessThan(Duration.ofSeconds(5));
    ann.awaitAvailable("shop");
    sleeper.join(Duration.ofSeconds(10));
    ann.destroy("shop");
  }

  @Test
  void twentyAtOnceAllBecomeAvailable() {
    User ann = platform.register("ann_many");
    List<String> operations = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      operations.add(ann.provision("many_%02d".formatted(i), PASSWORD));
    }
    for (String operation : operations) {
      assertThat(ann.awaitEnd(operation).path("outcome").asText()).isEqualTo("succeeded");
    }
    for (int i = 0; i < 20; i++) {
      ann.destroy("many_%02d".formatted(i));
    }
  }

  @Test
  void eightAtOnceAreFast() {
    User ann = platform.register("ann_eight");
    List<Long> millis = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      List<String> operations = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        operations.add(ann.provision("eight_%d_%d".formatted(round, i), PASSWORD));
      }
      for (String operation : operations) {
        JsonNode end = ann.awaitEnd(operation);
        assertThat(end.path("outcome").asText()).isEqualTo("succeeded");
        millis.add(
            Duration.between(
                    Instant.parse(end.path("createdAt").asText()),
                    Instant.parse(end.path("endedAt").asText()))
                .toMillis());
      }
      for (int i = 0; i < 8; i++) {
        ann.destroy("eight_%d_%d".formatted(round, i));
      }
    }
    Collections.sort(millis);
    long p95 = millis.get((int) Math.ceil(millis.size() * 0.95) - 1);
    System.out.printf(
        "Eight provisions at once: median %d ms, p95 %d ms%n", millis.get(millis.size() / 2), p95);
    // The figure to keep is 2 s, and two busy cores take half of it; a machine that is shared with
    // others may be twice as slow as it is alone.
    assertThat(p95).isLessThan(4_000);
  }

  private static long postmaster(Path pidFile) throws IOException {
    return Long.parseLong(Files.readAllLines(pidFile).getFirst().strip());
  }

  private static List<Long> processesOf(String id) {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().commandLine().orElse("").contains(id))
        .map(ProcessHandle::pid)
        .toList();
  }
}
