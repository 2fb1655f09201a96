package dev.slipway.gateway;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.slipway.gateway.RunningGateway.Answer;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Services go away and come back while they are asked.
class RestartTest {

  @RegisterExtension
  final RunningGateway gateway =
      new RunningGateway().with("retry-for", "3s").with("authorize-patience", "500ms");

  @Test
  void withoutAccountServiceNobodyMay() {
    gateway.account().stop();

    Answer answer = gateway.get("/v1alpha1/demo/databases");

    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.header("retry-after")).isEqualTo("1");
    assertThat(answer.json().getString("code")).isEqualTo("unavailable");
    assertThat(answer.json().getString("message")).contains("account-service");
    assertThat(gateway.instance().calls).isEmpty();
  }

  @Test
  void anAccountServiceThatOnlyListensIsAsGoodAsNone() {
    gateway.account().answers((request, call) -> {});

    assertThat(gateway.get("/v1alpha1/demo/databases").status()).isEqualTo(503);
  }

  @Test
  void aDefectOfAccountServiceIsNoAnswer() {
    gateway.account().answersJson(500, "{\"message\":\"inside\",\"statusCode\":500}");

    Answer answer = gateway.get("/v1alpha1/demo/databases");

    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.body()).doesNotContain("inside");
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "POST"})
  void everybodyWaitsForAnAccountServiceThatRestarts(String method) {
    gateway.account().stop();

    CompletableFuture<Answer> answer =
        gateway.sendLater(method.equals("GET") ? looking() : changing());
    assertThatThrownBy(() -> answer.get(300, MILLISECONDS)).isInstanceOf(TimeoutException.class);
    gateway.account().start();

    assertThat(answer.join().status()).isEqualTo(200);
    assertThat(gateway.instance().calls).hasSize(1);
  }

  @Test
  void whoMayIsAskedAgainWhenNoAnswerComesOrNoneThatIsOne() {
    var asked = new AtomicInteger();
    gateway
        .account()
        .answers(
            (request, call) -> {
              switch (asked.getAndIncrement()) {
                case 0 -> {}
                case 1 -> request.connection().close();
                case 2 -> request.response().setStatusCode(503).end("{}");
                default -> gateway.account().echo(request, call);
              }
            });

    assertThat(gateway.send(changing()).status()).isEqualTo(200);
    assertThat(gateway.account().calls)
        .extracting(call -> new JsonObject(call.body()).getString("entry"))
        .hasSize(4)
        .containsOnly(new JsonObject(gateway.account().calls.getFirst().body()).getString("entry"));
  }

  @Test
  void aRefusalOfAccountServiceIsAnAnswer() {
    gateway.account().answersJson(403, "{\"message\":\"not yours\",\"statusCode\":403}");

    assertThat(gateway.get("/v1alpha1/demo/databases").status()).isEqualTo(403);
    assertThat(gateway.account().calls).hasSize(1);
  }

  @Test
  void lookingWaitsForAServiceThatRestarts() {
    gateway.instance().stop();

    CompletableFuture<Answer> answer = gateway.sendLater(looking());
    await().until(() -> !gateway.account().calls.isEmpty());
    gateway.instance().start();

    assertThat(answer.join().status()).isEqualTo(200);
  }

  @Test
  void lookingIsRepeatedWhenTheServiceDiesBeforeItAnswers() {
    gateway.instance().answers((request, call) -> {});
    CompletableFuture<Answer> answer = gateway.sendLater(looking());
    await().until(() -> !gateway.instance().calls.isEmpty());

    gateway.instance().stop();
    gateway.instance().answers(gateway.instance()::echo);
    gateway.instance().start();

    assertThat(answer.join().status()).isEqualTo(200);
  }

  @Test
  void aChangeThatWasNeverSentWaitsForTheServiceToo() {
    gateway.instance().stop();

    CompletableFuture<Answer> answer = gateway.sendLater(changing());
    await().until(() -> !gateway.account().calls.isEmpty());
    gateway.instance().start();

    assertThat(answer.join().status()).isEqualTo(200);
    assertThat(gateway.instance().calls).hasSize(1);
  }

  @Test
  void aChangeIsSentAgainWithTheSameKeyToAServiceThatRemembersIt() {
    gateway.instance().answers((request, call) -> {});
    CompletableFuture<Answer> answer = gateway.sendLater(changing());
    await().until(() -> !gateway.instance().calls.isEmpty());

    gateway.instance().stop();
    gateway.instance().answers(gateway.instance()::echo);
    gateway.instance().start();

    assertThat(answer.join().status()).isEqualTo(200);
    assertThat(gateway.instance().calls).hasSize(2);
    assertThat(gateway.instance().calls)
        .extracting(call -> call.header("Idempotency-Key"))
        .allMatch(key -> key.equals(gateway.instance().calls.getFirst().header("Idempotency-Key")))
        .allMatch(key -> key.startsWith("gw-"));
    assertThat(gateway.instance().calls).extracting(FakeService.Call::body).containsOnly("{}");
  }

  @ParameterizedTest
  @CsvSource({"PUT,/v1alpha1/user", "POST,/v1alpha1/sign-up", "POST,/v1alpha1/demo/join"})
  void aChangeOfAccountsIsSentAgainWithTheSameKey(String method, String path) {
    var lost = new AtomicInteger();
    gateway
        .account()
        .answers(
            (request, call) -> {
              if (!call.uri().startsWith("/internal/") && lost.getAndIncrement() == 0) {
                request.connection().close();
              } else {
                gateway.account().echo(request, call);
              }
            });

    Answer answer = gateway.send(gateway.request(method, path, "{}"));

    assertThat(answer.status()).isEqualTo(200);
    assertThat(gateway.account().forwarded())
        .extracting(call -> call.header("Idempotency-Key"))
        .hasSize(2)
        .allMatch(
            key -> key.equals(gateway.account().forwarded().getFirst().header("Idempotency-Key")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/oauth/token", "/oauth/device/code", "/activate"})
  void signingInIsNotSentAgain(String path) {
    gateway.account().answers((request, call) -> request.connection().close());

    Answer answer = gateway.send(gateway.request("POST", path, "{}"));

    assertThat(answer.status()).isEqualTo(502);
    assertThat(answer.json().getString("code")).isEqualTo("outcome-unknown");
    assertThat(gateway.account().forwarded()).hasSize(1);
  }

  @Test
  void patienceHasAnEnd() {
    gateway.instance().stop();

    Answer answer = gateway.send(looking());

    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.header("retry-after")).isEqualTo("1");
    assertThat(answer.json().getString("message")).contains("instance-service");
  }

  @Test
  void halfAnAnswerDoesNotLookWhole() {
    gateway
        .instance()
        .answers(
            (request, call) -> {
              request.response().putHeader("Content-Length", "100").write("half");
              request.connection().close();
            });

    CompletableFuture<Answer> answer = gateway.sendLater(looking());

    assertThat(answer).failsWithin(Duration.ofSeconds(10));
    assertThat(gateway.instance().calls).hasSize(1);
  }

  private HttpRequest.Builder looking() {
    return gateway.request("GET", "/v1alpha1/demo/databases", "");
  }

  private HttpRequest.Builder changing() {
    return gateway.request("POST", "/v1alpha1/demo/databases/userdb", "{}");
  }
}
