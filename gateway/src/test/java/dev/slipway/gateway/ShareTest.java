package dev.slipway.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.gateway.RunningGateway.Answer;
import io.vertx.core.http.HttpServerRequest;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What one organization may have at once, and that all others have room beside it.
class ShareTest {

  private static final String WAIT = "/operations/iop_1?wait=30";
  private static final String EVENTS = "/events";

  @RegisterExtension
  final RunningGateway gateway =
      new RunningGateway()
          .with("body-limit", "1K")
          .with("waits-per-organization", "2")
          .with("streams-per-organization", "2")
          .with("archives-per-organization", "1");

  /// Of those that take their time.
  private final List<HttpServerRequest> underWay = new CopyOnWriteArrayList<>();

  @BeforeEach
  void whatTakesItsTimeIsNotAnswered() {
    for (FakeService service : List.of(gateway.account(), gateway.instance(), gateway.deploy())) {
      service.answers(
          (request, call) -> {
            boolean prompt =
                call.uri().startsWith("/internal/") || call.uri().contains("databases");
            if (prompt) {
              service.echo(request, call);
            } else {
              underWay.add(request);
            }
          });
    }
  }

  @AfterEach
  void whatIsUnderWayEnds() {
    underWay.stream()
        .filter(request -> !request.response().ended())
        .forEach(request -> FakeService.json(request, 200, "{}"));
  }

  @Test
  void anOrganizationWaitsForSoManyAnswersAtOnce() {
    sendLater("demo", WAIT, 2);

    assertRefused(get("demo", WAIT), "2 calls that wait");
    assertThat(get("demo", "/databases").status()).isEqualTo(200);
    assertThat(gateway.send(change()).status()).as("who looks on holds up nobody").isEqualTo(200);
    othersHaveRoomAndWhatEndsMakesRoom(WAIT);
  }

  @Test
  void anOrganizationHasSoManyChangesUnderWay() {
    gateway.instance().answers((request, call) -> underWay.add(request));
    List<CompletableFuture<Answer>> changes =
        List.of(gateway.sendLater(change()), gateway.sendLater(change()));
    await().until(() -> underWay.size() == 2);

    assertRefused(gateway.send(change()), "2 changes");
    assertThat(changes).noneMatch(CompletableFuture::isDone);
  }

  private HttpRequest.Builder change() {
    return gateway.request("DELETE", "/v1alpha1/demo/databases/userdb/a", "");
  }

  @Test
  void anOrganizationReadsSoManyStreamsAtOnce() {
    sendLater("demo", EVENTS, 2);

    assertRefused(get("demo", EVENTS), "2 streams");
    othersHaveRoomAndWhatEndsMakesRoom(EVENTS);
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void aReaderWhoLeavesMakesRoom(HttpClient.Version version) {
    sendLater("demo", EVENTS, 1);
    try (HttpClient client = gateway.client(version)) {
      var stream =
          client.sendAsync(
              gateway.request("GET", "/v1alpha1/demo" + EVENTS, "").build(),
              HttpResponse.BodyHandlers.discarding());
      await().until(() -> underWay.size() == 2);
      assertRefused(get("demo", EVENTS), "2 streams");
      stream.cancel(true);
      client.shutdownNow();
    }
    int before = underWay.size();

    await()
        .untilAsserted(
            () -> {
              sendLater("demo", EVENTS, 1);
              assertThat(underWay).hasSizeGreaterThan(before);
            });
  }

  @Test
  void anOrganizationSendsSoManyArchivesAtOnce() {
    CompletableFuture<Answer> first = upload("demo");
    await().until(() -> underWay.size() == 1);

    assertRefused(upload("demo").join(), "1 uploads");
    CompletableFuture<Answer> other = upload("other");
    await().until(() -> underWay.size() == 2);
    underWay.forEach(request -> FakeService.json(request, 200, "{}"));

    assertThat(first.join().status()).isEqualTo(200);
    assertThat(other.join().status()).isEqualTo(200);
    CompletableFuture<Answer> next = upload("demo");
    await().until(() -> underWay.size() == 3);
    FakeService.json(underWay.getLast(), 200, "{}");
    assertThat(next.join().status()).isEqualTo(200);
  }

  private void othersHaveRoomAndWhatEndsMakesRoom(String path) {
    sendLater("other", path, 1);
    FakeService.json(underWay.removeFirst(), 200, "{}");
    await()
        .untilAsserted(
            () -> {
              int before = underWay.size();
              sendLater("demo", path, 1);
              assertThat(underWay).hasSizeGreaterThan(before);
            });
  }

  private void sendLater(String organization, String path, int times) {
    for (int i = 0; i < times; i++) {
      int before = underWay.size();
      CompletableFuture<Answer> answer =
          gateway.sendLater(gateway.request("GET", "/v1alpha1/" + organization + path, ""));
      await().until(() -> underWay.size() > before || answer.isDone());
    }
  }

  private CompletableFuture<Answer> upload(String organization) {
    return gateway.sendLater(
        gateway.request(
            "POST", "/v1alpha1/" + organization + "/applications/shop", "x".repeat(100_000)));
  }

  private Answer get(String organization, String path) {
    return gateway.get("/v1alpha1/" + organization + path);
  }

  private static void assertRefused(Answer answer, String what) {
    assertThat(answer.status()).isEqualTo(429);
    assertThat(answer.json().getString("code")).isEqualTo("too-many-requests");
    assertThat(answer.json().getString("message")).contains(what);
    assertThat(answer.header("retry-after")).isEqualTo("10");
  }
}
