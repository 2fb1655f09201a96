package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/// A replica that is stopped in the middle of `create`, overtaken by a destroy at another replica,
/// and continued, leaves nothing.
final class PausedReplicaIT {

  private static final String PASSWORD = "paused-password-1";

  private final PlatformFromOutside platform = PlatformFromOutside.shared();

  @Test
  void aReplicaThatWakesAfterTheDestroyChangesNothing() throws Exception {
    User ann = platform.register("ann_pauses");
    long paused = platform.process("instance-service").pid();
    try (SecondReplica second = SecondReplica.of(platform, "instance-service")) {
      int port = second.port();
      String operation = ann.provision("asleep", PASSWORD);
      String id = ann.operation(operation).path("subject").asText();
      // Either replica may have claimed it; what is stopped is the one that is not asked to
      // destroy.
      LockSupport.parkNanos(Duration.ofMillis(30).toNanos());
      signal("STOP", paused);
      try {
        HttpResponse<String> answer = destroyAt(port, ann, "asleep");
        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 299);
        assertNothingOf(id);
      } finally {
        signal("CONT", paused);
      }
      Awaitility.await("the woken replica answers again")
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(200))
          .ignoreExceptions()
          .until(platform::ready);
      JsonNode end = ann.awaitEnd(operation);
      assertThat(end.path("outcome").asText()).isIn("superseded", "succeeded");
      Awaitility.await("nothing comes into being any more")
          .during(Duration.ofSeconds(3))
          .atMost(Duration.ofSeconds(6))
          .untilAsserted(() -> assertNothingOf(id));
    }
  }

  private void assertNothingOf(String id) {
    assertThat(platform.home().resolve("data/instances").resolve(id)).doesNotExist();
    assertThat(platform.openLedger()).noneMatch(row -> row.contains(id));
    assertThat(
            ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").contains(id)))
        .isEmpty();
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
