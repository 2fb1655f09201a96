package dev.slipway.account;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.slipway.common.security.InternalToken;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Stands in for instance-service: says how many instances an organization has.
///
/// What it is to say is kept in system properties, because the test and this resource are loaded by
/// different class loaders.
public final class FakeInstanceService implements QuarkusTestResourceLifecycleManager {

  private static final String COUNT = "test.usage.";
  private static final String DOWN = "test.usage.down";
  private static final String SECRET = "test.usage.secret";

  private @Nullable HttpServer server;

  public static void has(String organization, int instances) {
    System.setProperty(COUNT + organization, Integer.toString(instances));
  }

  public static void isDown(boolean down) {
    System.setProperty(DOWN, Boolean.toString(down));
  }

  /// The shared secret that the last request showed.
  public static @Nullable String secretShown() {
    return System.getProperty(SECRET);
  }

  @Override
  public Map<String, String> start() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
    server.createContext("/internal/organizations/", FakeInstanceService::answer);
    server.start();
    return Map.of("slipway.instance.url", "http://127.0.0.1:" + server.getAddress().getPort());
  }

  private static void answer(HttpExchange exchange) throws IOException {
    String secret = exchange.getRequestHeaders().getFirst(InternalToken.SECRET_HEADER);
    System.setProperty(SECRET, String.valueOf(secret));
    String organization = exchange.getRequestURI().getPath().split("/", -1)[3];
    byte[] body =
        "{\"instances\":%s}"
            .formatted(System.getProperty(COUNT + organization, "0"))
            .getBytes(StandardCharsets.UTF_8);
    boolean down = Boolean.getBoolean(DOWN);
    exchange.sendResponseHeaders(down ? 500 : 200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  @Override
  public void stop() {
    if (server != null) {
      server.stop(0);
    }
  }
}
