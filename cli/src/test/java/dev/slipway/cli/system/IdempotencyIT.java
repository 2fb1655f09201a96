package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The same call with the same key, from outside and through the gateway: one operation, one
/// answer.
@Isolated("kills services")
final class IdempotencyIT {

  private static final int TIMES = 50;
  private static final String PASSWORD = "once-and-for-all-1";

  private static final Map<String, String> APPLICATION =
      Map.of(
          "package.json", "{\"name\":\"keyed\",\"version\":\"1.0.0\",\"private\":true}",
          "package-lock.json",
              """
              {"name":"keyed","version":"1.0.0","lockfileVersion":3,"requires":true,
               "packages":{"":{"name":"keyed","version":"1.0.0"}}}""",
          "dbos-config.yaml",
              "name: keyed\nlanguage: node\nruntimeConfig:\n  start:\n    - node main.js\n",
          "main.js",
              """
              require('node:http').createServer((request, response) => response.end('one'))
                .listen(Number(process.env.PORT ?? 3000));""");

  private final PlatformFromOutside platform = PlatformFromOutside.shared();

  @Test
  void fiftyProvisionsWithOneKeyAreOneOperation() throws Exception {
    User ann = platform.register("ann_keys");
    String path = ann.databases() + "/userdb";

    List<HttpResponse<String>> answers =
        together(() -> keyed(ann, "POST", path, "fifty", provisioning(PASSWORD)));

    String operation = oneAnswer(answers, 202);
    assertThat(ann.awaitEnd(operation).path("outcome").asText()).isEqualTo("succeeded");
    assertThat(operations(ann, "instance.provision")).containsExactly(operation);
    HttpResponse<String> late = keyed(ann, "POST", path, "fifty", provisioning(PASSWORD));
    assertThat(oneAnswer(List.of(late), 202)).isEqualTo(operation);
    reused(keyed(ann, "POST", path, "fifty", provisioning("another-" + PASSWORD)));
    ann.destroy("keyed");
  }

  @Test
  void fiftyDeploysWithOneKeyAreOneVersion() throws Exception {
    Example.requireNode();
    User ann = platform.register("ann_deploys");
    ann.call("POST", ann.databases() + "/userdb", provisioning(PASSWORD));
    ann.awaitAvailable("keyed");
    String applications = "/v1alpha1/" + ann.name() + "/applications";
    ann.call("PUT", applications, Map.of("name", "keyed", "database", "keyed", "language", "node"));
    Map<String, String> upload = Map.of("application_archive", archive("one"));

    List<HttpResponse<String>> answers =
        together(() -> keyed(ann, "POST", applications + "/keyed", "fifty", upload));

    String operation = oneAnswer(answers, 200);
    assertThat(operations(ann, "application.deploy")).containsExactly(operation);
    assertThat(ann.call("GET", applications + "/keyed/versions?details=true", null)).hasSize(1);
    reused(
        keyed(
            ann,
            "POST",
            applications + "/keyed",
            "fifty",
            Map.of("application_archive", archive("two"))));
    ann.call("DELETE", applications + "/keyed", Map.of("dropdb", true));
    Awaitility.await("the application is gone")
        .atMost(PlatformUnderTest.PATIENCE)
        .until(() -> ann.call("GET", applications, null).isEmpty());
    assertThat(
            oneAnswer(List.of(keyed(ann, "POST", applications + "/keyed", "fifty", upload)), 200))
        .as("also when it is gone")
        .isEqualTo(operation);
    ann.destroy("keyed");
  }

  @Test
  void whoeverAsksAgainAfterAKillGetsTheOperationThatWasAccepted() throws Exception {
    User ann = platform.register("ann_killed");
    ann.call("POST", ann.databases() + "/userdb", provisioning(PASSWORD));
    ann.awaitAvailable("keyed");
    String path = ann.databases() + "/userdb/keyed/credentials";
    String key = "kill-" + UUID.randomUUID();
    Map<String, String> body = Map.of("Password", "another-" + PASSWORD);
    ProcessHandle service = platform.process("instance-service");
    String accepted;
    CompletableFuture<HttpResponse<String>> first;

    // Nothing can be done to the instance meanwhile, so nothing is answered.
    try (AutoCloseable held = platform.holdUp()) {
      assertThat(held).isNotNull();
      first = CompletableFuture.supplyAsync(() -> keyed(ann, "POST", path, key, body));
      accepted = acceptedWith(key);
      assertThat(first).isNotDone();
      assertThat(service.destroyForcibly()).isTrue();
    }

    HttpResponse<String> again =
        Awaitility.await("the platform answers again")
            .atMost(PlatformUnderTest.PATIENCE)
            .ignoreExceptions()
            .until(() -> keyed(ann, "POST", path, key, body), answer -> answer.statusCode() < 500);
    assertThat(oneAnswer(List.of(again), 204)).isEqualTo(accepted);
    HttpResponse<String> attached = first.join();
    if (attached.statusCode() == 502) {
      // It came back too late for the gateway, which names the key to ask again with.
      assertThat(attached.headers().firstValue("Idempotency-Key")).contains(key);
    } else {
      assertThat(oneAnswer(List.of(attached), 204)).isEqualTo(accepted);
    }
    assertThat(operations(ann, "instance.reset-password")).containsExactly(accepted);
    reused(keyed(ann, "POST", path, key, Map.of("Password", PASSWORD)));
    ann.connect("keyed", "another-" + PASSWORD).close();
    ann.destroy("keyed");
  }

  @ParameterizedTest
  @CsvSource({
    "POST,/databases/userdb",
    "DELETE,/databases/byod/none",
    "PUT,/applications",
    "POST,/applications/none",
    "POST,/applications/secrets",
    "PUT,/dashboard",
    "POST,/join",
    "POST,/operations/dop_none/retry"
  })
  void aKeyThatIsNoneIsRefusedEverywhere(String method, String path) {
    User ann = platform.register("ann_" + Integer.toHexString(path.hashCode() & 0xffffff));

    HttpResponse<String> answer =
        keyed(ann, method, "/v1alpha1/" + ann.name() + path, "k".repeat(256), Map.of());

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    assertThat(
            PlatformFromOutside.json(answer.body()).path("fields").path("Idempotency-Key").asText())
        .contains("255");
  }

  /// The operation that has taken this key, once it has.
  private String acceptedWith(String key) {
    return Awaitility.await("the call is accepted")
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                platform.query(
                    "instance-service",
                    "select operation from idempotency_key where key = '%s' and operation is not null"
                        .formatted(key)),
            found -> !found.isEmpty())
        .getFirst();
  }

  private static List<HttpResponse<String>> together(Callable<HttpResponse<String>> call)
      throws InterruptedException {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      return threads.invokeAll(Stream.generate(() -> call).limit(TIMES).toList()).stream()
          .map(answered -> answered.resultNow())
          .toList();
    }
  }

  /// All of them are the same: status, body and operation.
  ///
  /// @return the operation
  private static String oneAnswer(List<HttpResponse<String>> answers, int status) {
    assertThat(answers).extracting(HttpResponse::statusCode).containsOnly(status);
    assertThat(answers).extracting(HttpResponse::body).containsOnly(answers.getFirst().body());
    List<String> operations =
        answers.stream()
            .map(answer -> answer.headers().firstValue("Operation-Id").orElseThrow())
            .distinct()
            .toList();
    assertThat(operations).hasSize(1);
    return operations.getFirst();
  }

  private static void reused(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(422);
    assertThat(PlatformFromOutside.json(answer.body()).path("code").asText())
        .isEqualTo("idempotency-key-reused");
  }

  private static List<String> operations(User user, String kind) {
    return user.call("GET", "/v1alpha1/%s/operations?kind=%s".formatted(user.name(), kind), null)
        .findValuesAsText("id");
  }

  private HttpResponse<String> keyed(
      User user, String method, String path, String key, @Nullable Object body) {
    return platform.exchange(method, path, user.token(), body, Map.of("Idempotency-Key", key));
  }

  private static Map<String, String> provisioning(String password) {
    return Map.of("Name", "keyed", "AdminName", User.ROLE, "AdminPassword", password);
  }

  private static String archive(String answer) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, String> file : APPLICATION.entrySet()) {
        zip.putNextEntry(new ZipEntry(file.getKey()));
        zip.write(
            file.getValue().replace("'one'", "'" + answer + "'").getBytes(StandardCharsets.UTF_8));
      }
    }
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }
}
