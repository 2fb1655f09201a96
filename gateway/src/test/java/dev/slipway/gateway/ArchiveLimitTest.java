package dev.slipway.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArchiveLimitTest {

  @RegisterExtension
  static final RunningGateway gateway =
      new RunningGateway()
          .with("body-limit", "1K")
          .with("archive-limit", "4M")
          .with("body-patience", "1s")
          .with("archive-patience", "3s");

  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 5000000", "Transfer-Encoding: chunked"})
  void anArchiveBeyondTheLimitIsRefused(String framing) throws Exception {
    gateway.deploy().streams(HttpServerRequest::resume);

    try (Socket socket = gateway.connect()) {
      OutputStream output = socket.getOutputStream();
      output.write(head(framing));
      if (framing.startsWith("Transfer")) {
        chunks(output);
      }
      String answer = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
      assertThat(answer).startsWith("HTTP/1.1 413").contains("body-too-large");
    }
  }

  @Test
  void anArchiveThatComesByteByByteIsGivenUp() throws Exception {
    gateway.deploy().streams(HttpServerRequest::resume);

    try (Socket socket = gateway.connect()) {
      OutputStream output = socket.getOutputStream();
      output.write(head("Content-Length: 1000000"));
      CompletableFuture<Integer> answer = CompletableFuture.supplyAsync(() -> firstByte(socket));
      await()
          .until(
              () -> {
                output.write('x');
                return answer.isDone();
              });
      String rest = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
      assertThat(rest).startsWith("TTP/1.1 408").contains("body-too-slow");
    }
  }

  private static int firstByte(Socket socket) {
    try {
      return socket.getInputStream().read();
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  private static byte[] head(String framing) {
    return """
        POST /v1alpha1/demo/applications/shop HTTP/1.1\r
        Host: localhost\r
        Authorization: Bearer of.the.caller\r
        %s\r
        \r
        """
        .formatted(framing)
        .getBytes(ISO_8859_1);
  }

  private static void chunks(OutputStream output) throws IOException {
    for (int i = 0; i < 41; i++) {
      output.write("19000\r\n".getBytes(ISO_8859_1));
      output.write(new byte[0x19000]);
      output.write("\r\n".getBytes(ISO_8859_1));
    }
    output.write("0\r\n\r\n".getBytes(ISO_8859_1));
  }
}
