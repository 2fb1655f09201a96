package dev.slipway.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.slipway.gateway.RunningGateway.Answer;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Answers that go on: the events of an organization.
class StreamingTest {

  private static final int STREAMS = 6;

  @RegisterExtension
  final RunningGateway gateway =
      new RunningGateway()
          .with("answer-patience", "300ms")
          .with("connection-patience", "300ms")
          .with("reader-patience", "3s")
          .with("call-connections", "2")
          .with("wait-connections", "2")
          .with("stream-connections", String.valueOf(STREAMS));

  private final Queue<HttpServerRequest> streams = new ConcurrentLinkedQueue<>();
  private final AtomicInteger closed = new AtomicInteger();
  private final List<HttpClient> clients = new ArrayList<>();

  @BeforeEach
  void accountServiceStreams() {
    gateway
        .account()
        .answers(
            (request, call) -> {
              if (!call.uri().contains("/events")) {
                gateway.account().echo(request, call);
                return;
              }
              request.response().closeHandler(gone -> closed.incrementAndGet());
              request
                  .response()
                  .putHeader("Content-Type", "text/event-stream")
                  .setChunked(true)
                  .write("id: 7\n\n");
              streams.add(request);
            });
  }

  @AfterEach
  void closeClients() {
    clients.forEach(HttpClient::shutdownNow);
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void whatIsWrittenArrivesAtOnceHoweverLongNothingWas(HttpClient.Version version)
      throws Exception {
    try (InputStream stream = open(version)) {
      assertThat(read(stream, 7)).isEqualTo("id: 7\n\n");
      HttpServerRequest there = streams.element();

      await().pollDelay(Duration.ofMillis(1200)).until(() -> true);
      there.response().write("data: a\n\n");

      assertThat(read(stream, 9)).isEqualTo("data: a\n\n");
      there.response().end(": over\n\n");
      assertThat(new String(stream.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(": over\n\n");
    }
    assertThat(gateway.account().forwarded())
        .singleElement()
        .satisfies(
            call -> {
              assertThat(call.header("Last-Event-ID")).isEqualTo("6");
              assertThat(call.uri()).isEqualTo("/v1alpha1/demo/events?kind=a");
            });
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void aReaderWhoLeavesTakesTheStreamAlong(HttpClient.Version version) throws Exception {
    InputStream stream = open(version);
    read(stream, 7);

    stream.close();

    await().atMost(Duration.ofSeconds(2)).until(() -> closed.get() == 1);
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void aStreamThatBreaksIsSeenToBreak(HttpClient.Version version) throws Exception {
    try (InputStream stream = open(version)) {
      read(stream, 7);

      streams.element().connection().close();

      assertThatThrownBy(stream::readAllBytes).isInstanceOf(IOException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void aReaderWhoTakesNothingIsLeft(HttpClient.Version version) throws Exception {
    try (InputStream stream = open(version)) {
      Buffer piece = Buffer.buffer(new byte[1024 * 1024]);
      // More than there is room for between the service and a reader.
      for (int i = 0; i < 64; i++) {
        streams.element().response().write(piece);
      }

      await().atMost(Duration.ofSeconds(20)).until(() -> closed.get() == 1);
      assertThatThrownBy(stream::readAllBytes).isInstanceOf(IOException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void aSlowReaderIsWaitedFor(HttpClient.Version version) throws Exception {
    try (InputStream stream = open(version)) {
      for (int i = 0; i < 32; i++) {
        streams.element().response().write(Buffer.buffer(new byte[1024 * 1024]));
      }
      var taken = new AtomicLong();

      // A pause after each piece, and all of them together longer than any patience.
      await()
          .atMost(Duration.ofSeconds(30))
          .pollInterval(Duration.ofMillis(150))
          .until(() -> taken.addAndGet(stream.readNBytes(1024 * 1024).length) == 32 * 1024 * 1024);
    }
  }

  @Test
  void streamsTakeNothingFromOthersAndOneTooManyIsToldSo() throws Exception {
    List<InputStream> open = new ArrayList<>();
    for (int i = 0; i < STREAMS; i++) {
      open.add(open(HttpClient.Version.HTTP_1_1));
    }
    await().until(() -> streams.size() == STREAMS);

    assertThat(gateway.get("/v1alpha1/demo/users").status()).isEqualTo(200);
    assertThat(gateway.get("/v1alpha1/demo/operations/aop_1?wait=3").status()).isEqualTo(200);
    Answer refused = gateway.get("/v1alpha1/demo/events");
    assertThat(refused.status()).isEqualTo(503);
    assertThat(refused.header("retry-after")).isNotEqualTo("null");

    open.getFirst().close();
    await().until(() -> closed.get() == 1);
    open.add(open(HttpClient.Version.HTTP_1_1));
    assertThat(read(open.getLast(), 7)).isEqualTo("id: 7\n\n");
    for (InputStream stream : open) {
      stream.close();
    }
  }

  private InputStream open(HttpClient.Version version) throws Exception {
    HttpClient client = gateway.client(version);
    clients.add(client);
    HttpResponse<InputStream> response =
        client.send(
            gateway
                .request("GET", "/v1alpha1/demo/events?kind=a", "")
                .method("GET", HttpRequest.BodyPublishers.noBody())
                .header("Last-Event-ID", "6")
                .build(),
            HttpResponse.BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.version()).isEqualTo(version);
    return response.body();
  }

  private static String read(InputStream stream, int length) throws IOException {
    return new String(stream.readNBytes(length), StandardCharsets.UTF_8);
  }
}
