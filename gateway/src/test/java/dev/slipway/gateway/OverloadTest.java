package dev.slipway.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.gateway.RunningGateway.Answer;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// More is sent than may be held.
class OverloadTest {

  private static final String PATH = "/v1alpha1/demo/databases/userdb";
  private static final int BODY = 40_000;
  private static final int SMALL = 16_000;
  private static final int CONNECTIONS = 20;
  private static final int OF_ADDRESS = 15;

  @RegisterExtension
  static final RunningGateway gateway =
      new RunningGateway()
          .with("body-limit", "48K")
          .with("held-bodies", "64K")
          .with("connections", String.valueOf(CONNECTIONS))
          .with("connections-per-address", String.valueOf(OF_ADDRESS));

  @Test
  void whatThereIsNoRoomForIsToldSoAndALittleAlwaysHasRoom() throws Exception {
    BlockingQueue<Runnable> kept = new LinkedBlockingQueue<>();
    gateway
        .account()
        .answers((request, call) -> kept.add(() -> gateway.account().echo(request, call)));
    CompletableFuture<Answer> held =
        gateway.sendLater(gateway.request("POST", PATH, "x".repeat(BODY)));
    Runnable answer = kept.take();
    gateway.account().answers(gateway.account()::echo);

    Answer late = gateway.post(PATH, "y".repeat(BODY));
    Answer little = gateway.post(PATH, "z".repeat(10_000));

    assertThat(late.status()).isEqualTo(503);
    assertThat(late.header("retry-after")).isEqualTo("1");
    assertThat(late.json().getString("code")).isEqualTo("overloaded");
    assertThat(little.status()).isEqualTo(200);
    answer.run();
    assertThat(held.join().status()).isEqualTo(200);
    assertThat(gateway.post(PATH, "y".repeat(BODY)).status()).isEqualTo(200);
  }

  @Test
  void manySmallOnesThatNeverEndAreGivenUpInsteadOfWhatOthersSend() throws Exception {
    List<Socket> flood = new ArrayList<>();
    try (Socket honest = announced("127.0.0.2")) {
      for (int i = 0; i < 12; i++) {
        flood.add(announced("127.0.0.8"));
      }
      write(honest, "x".repeat(SMALL));
      for (Socket sender : flood) {
        write(sender, "x".repeat(SMALL));
      }
      List<String> answers = new ArrayList<>();
      for (Socket sender : flood) {
        write(sender, "x");
        answers.add(endOf(sender));
      }
      write(honest, "x");

      assertThat(answers)
          .filteredOn(answer -> answer.startsWith("HTTP/1.1 503"))
          .hasSizeGreaterThan(3)
          .allSatisfy(answer -> assertThat(answer).contains("overloaded"));
      assertThat(endOf(honest)).startsWith("HTTP/1.1 200");
    } finally {
      for (Socket socket : flood) {
        socket.close();
      }
    }
  }

  /// A connection on which a body of one byte more than [#SMALL] was announced and asked for.
  private static Socket announced(String from) throws IOException {
    Socket socket = gateway.connect(from);
    write(
        socket,
        """
        POST %s HTTP/1.1\r
        Host: localhost\r
        Authorization: Bearer token\r
        Connection: close\r
        Expect: 100-continue\r
        Content-Length: %d\r
        \r
        """
            .formatted(PATH, SMALL + 1));
    String asked = "HTTP/1.1 100 Continue\r\n\r\n";
    assertThat(new String(socket.getInputStream().readNBytes(asked.length()), ISO_8859_1))
        .isEqualTo(asked);
    return socket;
  }

  @Test
  void whoAsksFasterThanIsAnsweredIsCutOff() throws Exception {
    gateway.account().answers((request, call) -> {});
    try (Socket sender = gateway.connect()) {
      String request =
          """
          GET /v1alpha1/demo/databases HTTP/1.1\r
          Host: localhost\r
          Authorization: Bearer token\r
          \r
          """;
      sender.getOutputStream().write(request.repeat(200).getBytes(ISO_8859_1));
      sender.getOutputStream().flush();

      assertThat(endOf(sender)).isEmpty();
    }
  }

  @Test
  void aFewRequestsMayBeSentBeforeTheFirstAnswer() throws Exception {
    try (Socket sender = gateway.connect()) {
      String request = "GET /health HTTP/1.1\r\nHost: localhost\r\n";
      sender
          .getOutputStream()
          .write(
              ((request + "\r\n").repeat(4) + request + "Connection: close\r\n\r\n")
                  .getBytes(ISO_8859_1));
      sender.getOutputStream().flush();

      assertThat(endOf(sender).split("HTTP/1.1 200 ", -1)).hasSize(6);
    }
  }

  @Test
  void oneConnectionTooManyIsClosed() throws Exception {
    List<Socket> open = new ArrayList<>();
    try {
      for (int i = 0; i < CONNECTIONS; i++) {
        open.add(gateway.connect(i % 2 == 0 ? "127.0.0.5" : "127.0.0.6"));
        write(open.getLast(), "G");
      }
      try (Socket late = gateway.connect("127.0.0.7")) {
        assertThat(endOf(late)).isEmpty();
      }
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
    }
    await().until(() -> gateway.get("/health").status() == 200);
  }

  @Test
  void oneAddressLeavesConnectionsForOthers() throws Exception {
    List<Socket> open = new ArrayList<>();
    try {
      for (int i = 0; i < OF_ADDRESS; i++) {
        open.add(gateway.connect("127.0.0.3"));
        write(open.getLast(), "G");
      }
      try (Socket late = gateway.connect("127.0.0.3");
          Socket other = gateway.connect("127.0.0.4")) {
        assertThat(endOf(late)).isEmpty();
        write(other, "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assertThat(endOf(other)).startsWith("HTTP/1.1 200");
      }
      open.removeFirst().close();
      await()
          .untilAsserted(
              () -> {
                try (Socket again = gateway.connect("127.0.0.3")) {
                  write(again, "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                  assertThat(endOf(again)).startsWith("HTTP/1.1 200");
                }
              });
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
    }
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    socket.getOutputStream().flush();
  }

  /// Whatever comes until the connection ends, in whichever way.
  private static String endOf(Socket socket) {
    try {
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    } catch (SocketTimeoutException stillOpen) {
      throw new AssertionError("it is still open", stillOpen);
    } catch (IOException reset) {
      return "";
    }
  }
}
