package dev.slipway.localstack;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Answers `GET /health` with what is up: 200 when both are, 503 before and otherwise.
final class HealthEndpoint implements AutoCloseable {

  private final HttpServer server;
  private volatile @Nullable LocalStack stack;

  private HealthEndpoint(HttpServer server) {
    this.server = server;
  }

  static HealthEndpoint start(int port) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    HealthEndpoint endpoint = new HealthEndpoint(server);
    server.createContext("/health", endpoint::answer);
    server.start();
    return endpoint;
  }

  int port() {
    return server.getAddress().getPort();
  }

  /// From here on the stack is asked; before, everything is down.
  void watch(LocalStack started) {
    stack = started;
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      @Nullable LocalStack current = stack;
      boolean kafka = current != null && current.kafka().answers();
      boolean postgres = current != null && current.postgres().answers();
      byte[] body =
          "{\"kafka\":\"%s\",\"postgres\":\"%s\"}"
              .formatted(state(kafka), state(postgres))
              .getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(kafka && postgres ? 200 : 503, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static String state(boolean up) {
    return up ? "up" : "down";
  }
}
