package dev.slipway.cli.platform;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Surroundings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Asks a Docker engine over its own interface, beside the service that works with it: what the
/// platform says of its containers is compared with what this sees.
///
/// A request is one connection and HTTP 1.0, which has an end and no chunks.
///
/// @param host `unix:///…` or `tcp://host:port`
public record EngineConnection(String host) {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String USUAL = "unix:///var/run/docker.sock";
  private static final int TCP_PORT = 2375;

  /// The one that the platform of these surroundings uses.
  public static EngineConnection of(Surroundings surroundings) {
    return new EngineConnection(
        surroundings
            .variable("SLIPWAY_DOCKER_HOST")
            .or(() -> surroundings.variable("DOCKER_HOST"))
            .filter(it -> !it.isBlank())
            .orElse(USUAL));
  }

  public JsonNode get(String path) throws IOException {
    return Json.MAPPER.readTree(request("GET", path));
  }

  public void post(String path) throws IOException {
    request("POST", path);
  }

  void delete(String path) throws IOException {
    request("DELETE", path);
  }

  /// @return the body
  private String request(String method, String path) throws IOException {
    var answer = new ByteArrayOutputStream();
    var answered = new CountDownLatch(1);
    try (SocketChannel channel = SocketChannel.open(address())) {
      // A channel has no time limit of its own; one that is closed wakes whoever reads from it.
      Thread.ofVirtual().start(() -> closeUnless(answered, channel));
      ByteBuffer question =
          StandardCharsets.US_ASCII.encode(
              "%s %s HTTP/1.0\r\nHost: docker\r\n\r\n".formatted(method, path));
      while (question.hasRemaining()) {
        channel.write(question);
      }
      ByteBuffer part = ByteBuffer.allocate(1 << 16);
      while (channel.read(part) >= 0) {
        answer.write(part.array(), 0, part.position());
        part.clear();
      }
    } finally {
      answered.countDown();
    }
    return body(method + " " + path, answer.toString(StandardCharsets.UTF_8));
  }

  private static void closeUnless(CountDownLatch answered, SocketChannel channel) {
    try {
      if (!answered.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        channel.close();
      }
    } catch (IOException closing) {
      // It is of no use any more either way.
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private static String body(String what, String answer) throws IOException {
    int head = answer.indexOf("\r\n\r\n");
    String[] status = answer.split(" ", 3);
    if (head < 0 || status.length < 3) {
      throw new IOException("the Docker engine did not answer " + what);
    }
    String body = answer.substring(head + 4);
    if (!status[1].startsWith("2") && !status[1].equals("304")) {
      throw new IOException(
          "the Docker engine answered %s to %s: %s".formatted(status[1], what, body.strip()));
    }
    return body;
  }

  private SocketAddress address() throws IOException {
    URI uri = URI.create(host);
    return switch (String.valueOf(uri.getScheme())) {
      case "unix" -> UnixDomainSocketAddress.of(uri.getPath());
      case "tcp", "http" ->
          new InetSocketAddress(uri.getHost(), uri.getPort() < 0 ? TCP_PORT : uri.getPort());
      default -> throw new IOException("the Docker engine's address %s is none".formatted(host));
    };
  }
}
