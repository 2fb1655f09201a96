package dev.slipway.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArchiveLimitTest {

  @RegisterExtension
  static final RunningGateway gateway =
      new RunningGateway()
          .with("body-limit", "1K")
          .with("archive-limit", "4M")
          .with("body-patience", "1s");

  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 5000000", "Transfer-Encoding: chunked"})
  void anArchiveBeyondTheLimitIsRefused(String framing) throws Exception {
    gateway.deploy().streams(HttpServerRequest::resume);

    try (Socket socket = gateway.connect()) {
      OutputStream output = socket.getOutputStream();
      output.write(
          """
          POST /v1alpha1/demo/applications/shop HTTP/1.1\r
          Host: localhost\r
          Authorization: Bearer of.the.caller\r
          %s\r
          \r
          """
              .formatted(framing)
              .getBytes(StandardCharsets.ISO_8859_1));
      if (framing.startsWith("Transfer")) {
        chunks(output);
      }
      String answer =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      assertThat(answer).startsWith("HTTP/1.1 413").contains("body-too-large");
    }
  }

  private static void chunks(OutputStream output) throws IOException {
    for (int i = 0; i < 41; i++) {
      output.write("19000\r\n".getBytes(StandardCharsets.ISO_8859_1));
      output.write(new byte[0x19000]);
      output.write("\r\n".getBytes(StandardCharsets.ISO_8859_1));
    }
    output.write("0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
  }
}
