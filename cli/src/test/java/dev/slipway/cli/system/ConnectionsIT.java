package dev.slipway.cli.system;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Connections of people to an application that is deployed meanwhile.
@InTurn(3)
class ConnectionsIT {

  private static final int PATIENCE_SECONDS = 300;

  /// Answers requests, and everything that is said on a socket, with its version.
  private static final String SERVER =
      """
      const { createServer } = require('node:http');
      const { createHash } = require('node:crypto');
      const server = createServer((_, response) => response.end('VERSION'));
      server.on('upgrade', (request, socket) => {
        const accept = createHash('sha1')
          .update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11')
          .digest('base64');
        socket.write(
          'HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n' +
            `Sec-WebSocket-Accept: ${accept}\\r\\n\\r\\n`,
        );
        // Short texts come as one masked frame each.
        socket.on('data', (frame) => {
          const length = frame[1] & 127;
          const text = frame.subarray(6, 6 + length).map((byte, at) => byte ^ frame[2 + (at % 4)]);
          if ((frame[0] & 15) !== 1) return;
          const answer = Buffer.concat([text, Buffer.from(' by VERSION')]);
          socket.write(Buffer.concat([Buffer.from([0x81, answer.length]), answer]));
        });
        socket.on('error', () => socket.destroy());
      });
      server.listen(3000);
      """;

  private static final String PACKAGE =
      """
      {"name": "live", "version": "1.0.0", "private": true, "scripts": {"start": "node main.js"}}
      """;

  @Test
  void theyGoOnAcrossADeployAsFarAsTheyCan() throws Exception {
    PlatformUnderTest platform = PlatformUnderTest.get();
    Path mine = platform.user("connections");
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    Example.requireNode();
    Example live = new Example(platform, mine, "connections");
    live.write("package.json", PACKAGE);
    live.write("main.js", SERVER.replace("VERSION", "first"));
    platform.slipway(mine, "app", "deploy", "-d", "main").succeeded();
    String host = URI.create(live.url("live")).getHost();

    try (KeptAlive kept = new KeptAlive(platform, host);
        HttpClient client = HttpClient.newBuilder().sslContext(platform.trust()).build()) {
      assertThat(kept.get()).isEqualTo("first");
      Talk old = new Talk(client, live.url("live"));
      assertThat(old.say("hello")).isEqualTo("hello by first");
      assertThat(old.say("again")).isEqualTo("again by first");

      live.write("main.js", SERVER.replace("VERSION", "second"));
      platform.slipway(mine, "app", "deploy").succeeded();

      assertThat(kept.get()).as("the same connection").isEqualTo("second");
      assertThat(old.heard()).as("closed when its executor has ended").isEqualTo("closed");
      assertThat(new Talk(client, live.url("live")).say("anew")).isEqualTo("anew by second");

      platform.slipway(mine, "app", "rollback").succeeded();
      assertThat(kept.get()).as("still the same").isEqualTo("first");
    }
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
  }

  /// One connection, request after request.
  private static final class KeptAlive implements AutoCloseable {

    private final SSLSocket socket;
    private final BufferedReader answers;
    private final String host;

    KeptAlive(PlatformUnderTest platform, String host) throws IOException {
      this.host = host;
      socket =
          (SSLSocket)
              platform.trust().getSocketFactory().createSocket("localhost", platform.port());
      socket.setSoTimeout((int) Duration.ofSeconds(PATIENCE_SECONDS).toMillis());
      answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
    }

    String get() throws IOException {
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: %s\r\n\r\n".formatted(host).getBytes(US_ASCII));
      assertThat(answers.readLine()).isEqualTo("HTTP/1.1 200 OK");
      int length = -1;
      for (String line = answers.readLine(); !line.isEmpty(); line = answers.readLine()) {
        assertThat(line).isNotEqualToIgnoringCase("connection: close");
        if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
          length = Integer.parseInt(line.substring(line.indexOf(':') + 1).strip());
        }
      }
      char[] body = new char[length];
      assertThat(answers.read(body)).isEqualTo(length);
      return new String(body);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  /// One socket, and what comes back on it.
  private static final class Talk implements WebSocket.Listener {

    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final WebSocket socket;

    Talk(HttpClient client, String url) {
      socket =
          client
              .newWebSocketBuilder()
              .buildAsync(URI.create(url.replace("https:", "wss:")), this)
              .join();
    }

    String say(String text) throws InterruptedException {
      socket.sendText(text, true).join();
      return heard();
    }

    String heard() throws InterruptedException {
      return String.valueOf(heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
      heard.add(text.toString());
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
      heard.add("closed");
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
      heard.add("closed");
    }
  }
}
