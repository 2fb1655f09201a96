package dev.slipway.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.gateway.RunningGateway.Answer;
import io.vertx.core.http.HttpServerRequest;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArchiveTest {

  private static final String DEPLOY = "/v1alpha1/demo/applications/shop";
  private static final int MEGABYTE = 1024 * 1024;

  @RegisterExtension
  final RunningGateway gateway =
      new RunningGateway()
          .with("body-limit", "1K")
          .with("archive-limit", "200M")
          .with("body-patience", "2s")
          .with("retry-for", "5s");

  private final List<HttpServerRequest> arrived = new CopyOnWriteArrayList<>();

  @Test
  void anArchiveIsReadNoFasterThanTheServiceReadsIt() throws Exception {
    int size = 150 * MEGABYTE;
    var checksum = new CRC32();
    var received = new AtomicLong();
    gateway
        .deploy()
        .streams(
            request -> {
              request.pause();
              request.handler(
                  chunk -> {
                    checksum.update(chunk.getBytes());
                    received.addAndGet(chunk.length());
                  });
              request.endHandler(end -> FakeService.json(request, 200, "{}"));
              arrived.add(request);
            });
    var sent = new AtomicLong();
    var sentChecksum = new CRC32();
    try (Socket socket = gateway.connect()) {
      var head = head(DEPLOY, "Content-Length: " + size + "\r\n");
      Thread sender =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      OutputStream output = socket.getOutputStream();
                      output.write(head);
                      var piece = new byte[64 * 1024];
                      while (sent.get() < size) {
                        piece[(int) (sent.get() % piece.length)] = (byte) (sent.get() >> 16);
                        piece[0]++;
                        output.write(piece);
                        sentChecksum.update(piece);
                        sent.addAndGet(piece.length);
                      }
                    } catch (IOException broken) {
                      throw new UncheckedIOException(broken);
                    }
                  });
      await().until(() -> !arrived.isEmpty());
      await()
          .during(Duration.ofSeconds(1))
          .atMost(Duration.ofSeconds(10))
          .until(new Unchanging(sent)::holds);

      long onItsWay = sent.get();
      long read = received.get();
      // First of all: a sender that stands still would keep its socket from being closed.
      arrived.getFirst().resume();
      sender.join();

      assertThat(firstLine(socket)).isEqualTo("HTTP/1.1 200 OK");
      assertThat(read).isZero();
      assertThat(onItsWay).isLessThan(2 * heldBySockets() + 8L * MEGABYTE);
    }
    assertThat(received.get()).isEqualTo(size);
    assertThat(checksum.getValue()).isEqualTo(sentChecksum.getValue());
    assertThat(arrived.getFirst().getHeader("Idempotency-Key")).startsWith("gw-");
    assertThat(arrived.getFirst().getHeader("Authorization"))
        .isEqualTo("Bearer internal-for-of.the.caller");
    assertThat(arrived.getFirst().getHeader("Content-Length")).isEqualTo(String.valueOf(size));
  }

  /// What the kernel may keep between two sockets.
  private static long heldBySockets() throws IOException {
    long bytes = 0;
    for (String buffer : List.of("tcp_rmem", "tcp_wmem")) {
      // These files are read at once or not at all.
      try (var file = Files.newBufferedReader(Path.of("/proc/sys/net/ipv4", buffer))) {
        String sizes = file.readLine();
        // The least, the usual and the greatest.
        bytes += Long.parseLong(sizes.replaceFirst(".*\\s", ""));
      }
    }
    return bytes;
  }

  @Test
  void theKeyOfTheCallerIsKept() {
    Answer answer =
        gateway.send(
            gateway.request("POST", DEPLOY, "x".repeat(MEGABYTE)).header("Idempotency-Key", "k1"));

    assertThat(answer.status()).isEqualTo(200);
    FakeService.Call call = gateway.deploy().calls.getFirst();
    assertThat(call.header("Idempotency-Key")).isEqualTo("k1");
    assertThat(call.body()).hasSize(MEGABYTE);
  }

  @Test
  void whoMayNotIsRefusedBeforeTheServiceSeesAnything() {
    gateway.account().answersJson(403, "{\"message\":\"not yours\",\"code\":\"forbidden\"}");

    Answer answer = gateway.post(DEPLOY, "x".repeat(20 * MEGABYTE));

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.json().getString("message")).isEqualTo("not yours");
    assertThat(gateway.deploy().forwarded()).isEmpty();
  }

  @Test
  void aRefusalBeforeTheEndReachesACallerWhoWritesEverythingFirst() throws Exception {
    gateway
        .deploy()
        .streams(
            request -> FakeService.json(request, 409, "{\"message\":\"it is being deleted\"}"));

    String answer =
        gateway.raw(
            new String(
                    head(DEPLOY, "Content-Length: " + 20 * MEGABYTE + "\r\n"),
                    StandardCharsets.ISO_8859_1)
                + "x".repeat(20 * MEGABYTE));

    assertThat(answer).startsWith("HTTP/1.1 409").contains("it is being deleted");
    assertThat(answer.toLowerCase(Locale.ROOT)).contains("connection: close");
  }

  @Test
  void anArchiveThatNobodyMaySendIsNotAskedFor() throws Exception {
    gateway.account().answersJson(401, "{\"message\":\"expired\",\"code\":\"unauthorized\"}");

    String answer =
        gateway.raw(
            new String(
                head(DEPLOY, "Content-Length: 5000000\r\nExpect: 100-continue\r\n"),
                StandardCharsets.ISO_8859_1));

    assertThat(answer).startsWith("HTTP/1.1 401").contains("expired");
  }

  @Test
  void whoWaitsToBeAskedIsAskedOnceTheServiceIsThere() throws Exception {
    try (Socket socket = gateway.connect()) {
      OutputStream output = socket.getOutputStream();
      output.write(head(DEPLOY, "Content-Length: 5000\r\nExpect: 100-continue\r\n"));
      var reader = reader(socket);
      assertThat(reader.readLine()).startsWith("HTTP/1.1 100");
      output.write(new byte[5000]);
      assertThat(reader.readLine()).isEmpty();
      assertThat(reader.readLine()).isEqualTo("HTTP/1.1 200 OK");
    }
    assertThat(gateway.deploy().calls.getFirst().headers().contains("Expect")).isFalse();
  }

  @Test
  void anArchiveWaitsForAServiceThatIsNotThereYet() {
    gateway.deploy().stop();

    CompletableFuture<Answer> answer =
        gateway.sendLater(gateway.request("POST", DEPLOY, "x".repeat(MEGABYTE)));
    await().until(() -> gateway.account().calls.size() > 1);
    gateway.deploy().start();

    assertThat(answer.join().status()).isEqualTo(200);
    assertThat(gateway.deploy().calls).hasSize(1);
  }

  @Test
  void anArchiveThatWasLostOnTheWayIsNotSentAgain() {
    var tries = new AtomicLong();
    gateway
        .deploy()
        .streams(
            request -> {
              tries.incrementAndGet();
              request.handler(first -> request.connection().close());
            });

    Answer answer = gateway.post(DEPLOY + "/rollback", "x".repeat(20 * MEGABYTE));

    assertThat(answer.status()).isEqualTo(502);
    assertThat(answer.json().getString("code")).isEqualTo("outcome-unknown");
    assertThat(tries.get()).isEqualTo(1);
  }

  @Test
  void anArchiveThatStopsComingIsGivenUp() throws Exception {
    gateway.deploy().streams(request -> request.handler(ignored -> {}));

    try (Socket socket = gateway.connect()) {
      OutputStream output = socket.getOutputStream();
      output.write(head(DEPLOY, "Content-Length: 5000000\r\n"));
      output.write(new byte[100_000]);
      assertThat(firstLine(socket)).startsWith("HTTP/1.1 408");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whoWasRemovedMeanwhileBringsNothingWhole(boolean announced) {
    var asked = new AtomicLong();
    gateway
        .account()
        .answers(
            (request, call) -> {
              if (asked.incrementAndGet() == 1) {
                gateway.account().echo(request, call);
              } else {
                FakeService.json(
                    request, 404, "{\"message\":\"no such organization\",\"code\":\"gone\"}");
              }
            });
    var whole = new AtomicBoolean();
    var brokenOff = new AtomicBoolean();
    gateway
        .deploy()
        .streams(
            request -> {
              request.exceptionHandler(broken -> brokenOff.set(true));
              request.endHandler(end -> whole.set(true));
              request.resume();
            });
    byte[] body = new byte[MEGABYTE];
    var publisher =
        announced
            ? HttpRequest.BodyPublishers.ofByteArray(body)
            : HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body));

    Answer answer = gateway.send(gateway.request("POST", DEPLOY, "").method("POST", publisher));

    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.json().getString("message")).isEqualTo("no such organization");
    await().untilTrue(brokenOff);
    assertThat(whole).isFalse();
  }

  @Test
  void theAnswerMayTakeItsTime() {
    gateway
        .deploy()
        .streams(
            request ->
                request.body(
                    read -> {
                      arrived.add(request);
                    }));

    CompletableFuture<Answer> answer =
        gateway.sendLater(gateway.request("POST", DEPLOY, "x".repeat(MEGABYTE)));
    await().until(() -> !arrived.isEmpty());
    // Longer than a body may take, and than a connection is kept without a request.
    await().during(Duration.ofSeconds(3)).until(() -> !answer.isDone());
    FakeService.json(arrived.getFirst(), 200, "{}");

    assertThat(answer.join().status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/changedbinstance", "/rollback"})
  void aSmallBodyIsSentAgainLikeAnyOther(String what) {
    gateway.deploy().answers((request, call) -> {});
    CompletableFuture<Answer> answer =
        gateway.sendLater(gateway.request("POST", DEPLOY + what, "{\"previous_version\":\"1\"}"));
    await().until(() -> !gateway.deploy().calls.isEmpty());

    gateway.deploy().stop();
    gateway.deploy().answers(gateway.deploy()::echo);
    gateway.deploy().start();

    assertThat(answer.join().status()).isEqualTo(200);
    assertThat(gateway.deploy().calls)
        .hasSize(2)
        .extracting(call -> call.header("Idempotency-Key"))
        .containsOnly(gateway.deploy().calls.getFirst().header("Idempotency-Key"));
  }

  private static byte[] head(String path, String further) {
    return """
        POST %s HTTP/1.1\r
        Host: localhost\r
        Authorization: Bearer of.the.caller\r
        %s\r
        """
        .formatted(path, further)
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static BufferedReader reader(Socket socket) throws IOException {
    return new BufferedReader(
        new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
  }

  private static String firstLine(Socket socket) throws IOException {
    return reader(socket).readLine();
  }

  /// Whether a number is what it was when it was last looked at.
  private static final class Unchanging {
    private final AtomicLong number;
    private final AtomicReference<Long> before = new AtomicReference<>(-1L);

    Unchanging(AtomicLong number) {
      this.number = number;
    }

    boolean holds() {
      long now = number.get();
      return before.getAndSet(now) == now;
    }
  }
}
