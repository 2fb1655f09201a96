package dev.slipway.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.gateway.RunningGateway.Answer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Answers that take their time, and those that must not.
class WaitingTest {

  private static final int WAITING = 60;

  @RegisterExtension
  final RunningGateway gateway =
      new RunningGateway()
          .with("answer-patience", "400ms")
          .with("connection-patience", "400ms")
          .with("call-connections", "4");

  private final Queue<HttpServerRequest> waiting = new ConcurrentLinkedQueue<>();

  @Test
  void aLongWaitOutlivesEveryPatienceForOrdinaryAnswers() {
    heldBack();
    CompletableFuture<Answer> answer =
        gateway.sendLater(gateway.request("GET", "/v1alpha1/demo/operations/iop_1?wait=30", ""));
    await().until(() -> waiting.size() == 1);

    await().pollDelay(Duration.ofMillis(1500)).untilAsserted(() -> assertThat(answer).isNotDone());
    FakeService.json(waiting.remove(), 200, "{}");

    assertThat(answer).succeedsWithin(Duration.ofSeconds(5)).returns(200, Answer::status);
  }

  @Test
  void aChangeMayTakeItsTimeToo() {
    heldBack();
    CompletableFuture<Answer> answer =
        gateway.sendLater(gateway.request("POST", "/v1alpha1/demo/databases/userdb", "{}"));
    await().until(() -> waiting.size() == 1);

    await().pollDelay(Duration.ofMillis(1500)).untilAsserted(() -> assertThat(answer).isNotDone());
    FakeService.json(waiting.remove(), 200, "{}");

    assertThat(answer).succeedsWithin(Duration.ofSeconds(5)).returns(200, Answer::status);
  }

  @Test
  void anOrdinaryAnswerMustNotTakeTooLong() {
    gateway.instance().answers((request, call) -> waiting.add(request));

    Answer answer = gateway.get("/v1alpha1/demo/databases");

    assertThat(answer.status()).isEqualTo(504);
    assertThat(answer.json().getString("code")).isEqualTo("service-slow");
  }

  @Test
  void thoseWhoWaitLeaveRoomForOneWhoLooks() {
    heldBack();
    List<CompletableFuture<Answer>> waits = new ArrayList<>();
    for (int i = 0; i < WAITING; i++) {
      waits.add(
          gateway.sendLater(
              gateway.request("GET", "/v1alpha1/demo/operations/iop_" + i + "?wait=30", "")));
    }
    await().atMost(Duration.ofSeconds(20)).until(() -> waiting.size() == WAITING);

    long began = System.nanoTime();
    Answer looked = gateway.get("/v1alpha1/demo/databases");

    assertThat(looked.status()).isEqualTo(200);
    assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)).isLessThan(10_000);
    waiting.forEach(request -> FakeService.json(request, 200, "{}"));
    assertThat(waits)
        .allSatisfy(
            answer ->
                assertThat(answer)
                    .succeedsWithin(Duration.ofSeconds(10))
                    .returns(200, Answer::status));
  }

  @Test
  void aCallerWhoGoesAwayTakesTheCallToTheServiceAlong() {
    var closed = new AtomicInteger();
    gateway
        .instance()
        .answers(
            (request, call) -> {
              request.response().closeHandler(gone -> closed.incrementAndGet());
              waiting.add(request);
            });
    var impatient =
        gateway
            .request("GET", "/v1alpha1/demo/operations/iop_1?wait=30", "")
            .timeout(Duration.ofMillis(300));

    assertThat(gateway.sendLater(impatient)).failsWithin(Duration.ofSeconds(5));

    await().until(() -> closed.get() == 1);
    assertThat(gateway.instance().calls).hasSize(1);
  }

  private void heldBack() {
    gateway
        .instance()
        .answers(
            (request, call) -> {
              if (call.method().equals("POST") || call.uri().contains("wait=")) {
                waiting.add(request);
              } else {
                gateway.instance().echo(request, call);
              }
            });
  }
}
