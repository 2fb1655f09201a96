package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// A replica that is stopped in the middle of `create`, with the shell that acts for it, and is
/// continued after a destroy at another replica has overtaken it, leaves nothing.
@Isolated("stops a replica")
final class PausedReplicaIT {

  private static final String PASSWORD = "paused-password-1";

  private final PlatformFromOutside platform = PlatformFromOutside.shared();

  @Test
  void aReplicaThatWakesAfterTheDestroyChangesNothing() throws Exception {
    User ann = platform.register("ann_pauses");
    ProcessHandle first = platform.process("instance-service");
    try (SecondReplica second = SecondReplica.of(platform, "instance-service")) {
      String operation;
      String id;
      Process holder;
      try (AutoCloseable held = platform.holdUp()) {
        assertThat(held).isNotNull();
        operation = ann.provision("asleep", PASSWORD);
        id = ann.operation(operation).path("subject").asText();
        Awaitility.await("it is in `create`")
            .atMost(PlatformUnderTest.PATIENCE)
            .pollInterval(Duration.ofMillis(20))
            .until(() -> step(id), "create"::equals);
        // From here on whoever creates waits a moment for the lock, and tries again later.
        holder = lock(platform.home().resolve("data/instances/.fences-away").resolve(id));
      }
      ProcessHandle shell;
      ProcessHandle paused;
      try {
        shell = creating(List.of(first, second.process().toHandle()), id);
        paused = shell.parent().orElseThrow();
      } finally {
        holder.destroyForcibly().waitFor();
      }
      // Either replica may have it; it is the other one that is asked to destroy.
      int port = paused.equals(first) ? second.port() : platform.internalPort("instance-service");
      try {
        assertThat(step(id)).isEqualTo("create");
        assertThat(outcome(operation)).isNull();

        HttpResponse<String> answer = destroyAt(port, ann, "asleep");

        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 299);
        assertThat(outcome(operation)).isEqualTo("SUPERSEDED");
        assertThat(shell.isAlive()).as("what was stopped wakes only now").isTrue();
        assertNothingOf(id);
      } finally {
        signal("CONT", paused.pid());
        if (shell.isAlive()) {
          signal("CONT", shell.pid());
        }
      }
      Awaitility.await("the woken replica answers again")
          .atMost(PlatformUnderTest.PATIENCE)
          .pollInterval(Duration.ofMillis(200))
          .ignoreExceptions()
          .until(() -> second.ready() && platform.ready());
      assertThat(ann.awaitEnd(operation).path("outcome").asText()).isEqualTo("superseded");
      Awaitility.await("the woken shell has left")
          .atMost(PlatformUnderTest.PATIENCE)
          .until(() -> processesOf(id).isEmpty());
      Awaitility.await("nothing comes into being any more")
          .during(Duration.ofSeconds(3))
          .atMost(PlatformUnderTest.PATIENCE)
          .untilAsserted(
              () -> {
                assertNothingOf(id);
                assertThat(processesOf(id)).isEmpty();
              });
    }
  }

  private String step(String instance) {
    return platform
        .query(
            "instance-service",
            "select step from operation where kind = 'instance.provision' and subject = '%s'"
                .formatted(instance))
        .getFirst();
  }

  private @Nullable String outcome(String operation) {
    return platform
        .query(
            "instance-service",
            "select outcome from operation where id = '%s'".formatted(operation))
        .getFirst();
  }

  /// Holds the lock on an instance, as a call that works on it does; returns when it has it.
  private static Process lock(Path fence) throws IOException {
    Process holder =
        new ProcessBuilder(
                "sh",
                "-c",
                "exec 9>> \"$1\"; flock 9; echo held; exec sleep 300",
                "sh",
                fence.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(holder.inputReader().readLine()).isEqualTo("held");
    return holder;
  }

  /// Stops the replica that is about to create the instance, and the shell that waits for the lock
  /// on its behalf; answers the shell.
  private static ProcessHandle creating(List<ProcessHandle> replicas, String instance)
      throws Exception {
    return Awaitility.await("a replica is stopped while it creates")
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> {
              for (ProcessHandle replica : replicas) {
                Optional<ProcessHandle> shell = shellOf(replica, instance);
                if (shell.isPresent() && stopped(replica, shell.get())) {
                  return shell.get();
                }
              }
              return null;
            },
            Objects::nonNull);
  }

  private static Optional<ProcessHandle> shellOf(ProcessHandle replica, String instance) {
    return replica
        .children()
        .filter(
            child ->
                child
                    .info()
                    .commandLine()
                    .filter(line -> line.contains(" create ") && line.contains(instance))
                    .isPresent())
        .findFirst();
  }

  /// Answers whether the shell was stopped before it gave up; the replica goes on otherwise.
  private static boolean stopped(ProcessHandle replica, ProcessHandle shell) throws Exception {
    signal("STOP", replica.pid());
    Path state = Path.of("/proc/" + shell.pid() + "/stat");
    try {
      signal("STOP", shell.pid());
      Awaitility.await("the shell is stopped")
          .atMost(PlatformUnderTest.PATIENCE)
          .pollInterval(Duration.ofMillis(1))
          .until(() -> Files.readString(state).matches("(?s).*\\) [TZ] .*"));
      if (Files.readString(state).contains(") T ")) {
        return true;
      }
    } catch (IOException goneAlready) {
      // It had just given up.
    }
    signal("CONT", replica.pid());
    return false;
  }

  private static List<String> processesOf(String id) {
    return ProcessHandle.allProcesses()
        .map(process -> process.info().commandLine().orElse(""))
        .filter(line -> line.contains(id))
        .toList();
  }

  private void assertNothingOf(String id) {
    assertThat(platform.home().resolve("data/instances").resolve(id)).doesNotExist();
    assertThat(platform.openLedger()).noneMatch(row -> row.contains(id));
  }

  /// As the gateway would ask that replica.
  private HttpResponse<String> destroyAt(int port, User user, String instance) throws Exception {
    String authorized =
        send(HttpRequest.newBuilder(
                    uri(platform.internalPort("account-service"), "/internal/authorize"))
                .header("X-Slipway-Internal", platform.secret("internal.secret"))
                .header("Content-Type", "application/json")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"token\":\"%s\",\"organization\":\"%s\",\"method\":\"DELETE\",\"path\":\"/\"}"
                            .formatted(user.token(), user.name())))
                .build())
            .body();
    return send(
        HttpRequest.newBuilder(uri(port, user.databases() + "/userdb/" + instance))
            .header(
                "Authorization",
                "Bearer " + PlatformFromOutside.json(authorized).path("token").asText())
            .DELETE()
            .build());
  }

  private static URI uri(int port, String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  private static HttpResponse<String> send(HttpRequest request)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    }
  }

  private static void signal(String name, long pid) throws IOException, InterruptedException {
    int exit = new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
    assertThat(exit).isZero();
  }
}
