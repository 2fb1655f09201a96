package dev.slipway.cli.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.slipway.cli.platform.RunFile.State;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real processes, of a shell that sleeps; their health is answered by the test.
class SupervisedTest {

  static final Supervised.Pace FAST =
      new Supervised.Pace(
          Duration.ofMillis(10),
          Duration.ofMillis(10),
          Duration.ofMillis(50),
          Duration.ofSeconds(30));

  @TempDir private Path folder;

  private PlatformHome home;
  private HttpServer health;
  private volatile int answer = 200;
  private final List<Supervised> begun = new ArrayList<>();

  @BeforeEach
  void prepare() throws IOException {
    home = new PlatformHome(folder);
    Files.createDirectories(home.run());
    Files.createDirectories(home.logs());
    health = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    health.createContext(
        "/health",
        exchange -> {
          exchange.sendResponseHeaders(answer, -1);
          exchange.close();
        });
    health.start();
  }

  @AfterEach
  void end() throws InterruptedException {
    for (Supervised process : begun) {
      process.stop();
    }
    health.stop(0);
  }

  @Test
  void isReadyWhenItsHealthSaysSo() {
    answer = 503;
    Supervised process = supervise("exec sleep 1000");
    await().until(() -> recorded().identity().alive());
    assertThat(process.state()).isEqualTo(State.STARTING);

    answer = 200;

    await().until(() -> process.state() == State.READY);
  }

  @Test
  void startsAgainWhatWasKilled() {
    Supervised process = supervise("exec sleep 1000");
    await().until(() -> process.state() == State.READY);
    ProcessIdentity first = recorded().identity();

    first.kill();

    await().until(() -> recorded().restarts() == 1 && process.state() == State.READY);
    assertThat(recorded().identity()).isNotEqualTo(first);
    assertThat(recorded().identity().alive()).isTrue();
  }

  @Test
  void saysThatItKeepsDying() {
    Supervised process = supervise("echo I cannot; exit 7");
    answer = 503;

    await().until(() -> process.state() == State.CRASHING);

    assertThat(process.problem()).contains("exit code 7");
    PlatformStatus.ProcessStatus status =
        PlatformStatus.read(home, false).processes().stream()
            .filter(it -> it.name().equals("gateway"))
            .findFirst()
            .orElseThrow();
    assertThat(status.logLines()).contains("I cannot");
  }

  @Test
  void whatCannotBeStartedIsTriedAgainAndSaid() {
    ProcessPlan plan =
        new ProcessPlan(
            "gateway",
            List.of("/nonexistent/program"),
            Map.of(),
            List.of(),
            List.of(),
            0,
            Duration.ofSeconds(1));
    Supervised process = new Supervised(plan, home, FAST, it -> {});
    begun.add(process);
    process.start();

    await().until(() -> process.state() == State.CRASHING);
    assertThat(process.problem()).isNotEmpty();
  }

  @Test
  void whatCannotBeWrittenDownIsWatchedAllTheSameAndWrittenLater() throws Exception {
    answer = 503;
    Path pids = folder.resolve("pids");
    // Not even root puts a file where a folder is.
    Files.createDirectory(home.run("gateway"));
    Supervised process = supervise("echo $$ >> pids; exec sleep 1000");
    await().until(() -> Files.exists(pids) && Files.readAllLines(pids).size() == 1);
    await().until(() -> String.valueOf(process.problem()).contains("cannot be written"));

    ProcessHandle.of(Long.parseLong(Files.readString(pids).strip()))
        .orElseThrow()
        .destroyForcibly();

    await().until(() -> Files.readAllLines(pids).size() == 2);
    await().until(() -> process.state() == State.STARTING);
    Files.delete(home.run("gateway"));
    await().until(() -> recorded().identity().alive());
    assertThat(recorded().restarts()).isEqualTo(1);
    answer = 200;
    await().until(() -> recorded().state() == State.READY);
    assertThat(process.problem()).isNull();
  }

  @Test
  void aLivingProcessOfAKilledLauncherIsAdopted() throws Exception {
    Supervised killed = supervise("exec sleep 1000");
    await().until(() -> killed.state() == State.READY);
    ProcessIdentity living = recorded().identity();

    // The first one goes on in this JVM, which is of no matter: the second only knows the file.
    Supervised next = supervise("exec sleep 1000");

    await().until(() -> next.state() == State.READY);
    assertThat(recorded().identity()).isEqualTo(living);
    next.stop();
    assertThat(living.alive()).isFalse();
    killed.stop();
  }

  @Test
  void aProcessThatWasStartedOtherwiseIsReplaced() {
    Supervised old = supervise("exec sleep 1000");
    await().until(() -> old.state() == State.READY);
    ProcessIdentity living = recorded().identity();
    health.removeContext("/health");
    health.createContext(
        "/health",
        exchange -> {
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });

    Supervised fresh = supervise("exec sleep 1001");

    await().until(() -> fresh.state() == State.READY && !living.alive());
  }

  @Test
  void stoppingEndsEvenWhatDoesNotListen() throws Exception {
    Supervised process = supervise("trap '' TERM; echo deaf; while :; do sleep 0.1; done");
    await().until(() -> new LogFile(home.log("gateway")).tail(5).contains("deaf"));
    ProcessIdentity deaf = recorded().identity();

    process.stop();

    assertThat(deaf.alive()).isFalse();
    assertThat(home.run("gateway")).doesNotExist();
  }

  @Test
  void secretsReachTheProcessAndNothingThatIsWritten() throws Exception {
    Supervised process = supervise("echo \"$MARKER\" | wc -c; exec sleep 1000");
    await().until(() -> process.state() == State.READY);

    assertThat(Files.readString(home.run("gateway"))).doesNotContain("hidden-marker");
    assertThat(process.plan().toString()).doesNotContain("hidden-marker");
    await()
        .until(
            () ->
                new LogFile(home.log("gateway"))
                    .tail(5).stream().anyMatch(line -> line.strip().equals("14")));
  }

  private Supervised supervise(String script) {
    ProcessPlan plan =
        new ProcessPlan(
            "gateway",
            List.of("/bin/sh", "-c", script),
            Map.of("MARKER", "hidden-marker"),
            List.of(),
            List.of(URI.create("http://127.0.0.1:" + health.getAddress().getPort() + "/health")),
            1,
            Duration.ofMillis(500));
    Supervised process = new Supervised(plan, home, FAST, it -> {});
    begun.add(process);
    process.start();
    return process;
  }

  private RunFile recorded() {
    return RunFile.read(home.run("gateway"))
        .orElseGet(
            () ->
                new RunFile(new ProcessIdentity(0, ""), Instant.EPOCH, 0, State.STOPPED, null, ""));
  }
}
