package dev.slipway.deploy.driver;

import dev.slipway.common.driver.Endpoint;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Asks an executor how it is, over the network.
public final class ExecutorHealth {

  private static final Duration ANSWER = Duration.ofSeconds(2);

  /// How long one that listens is given to hang up. The engine's own proxy accepts whatever comes
  /// to a published port, and hangs up when nobody listens behind it.
  private static final int HANG_UP_MILLIS = 250;

  private final boolean proxied;
  private final HttpClient client = HttpClient.newBuilder().connectTimeout(ANSWER).build();

  /// @param proxied whether a proxy of the engine's listens on the executor's ports
  public ExecutorHealth(boolean proxied) {
    this.proxied = proxied;
  }

  /// Why it is not healthy, absent when it is.
  public @Nullable String silence(ExecutorSpecification executor) throws InterruptedException {
    return executor.adminHealth() ? asked(executor) : connected(executor.endpoint());
  }

  private @Nullable String asked(ExecutorSpecification executor) throws InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create("http://%s/dbos-healthz".formatted(executor.admin())))
            .timeout(ANSWER)
            .header("X-Slipway-Admin", executor.adminToken())
            .GET()
            .build();
    try {
      HttpResponse<InputStream> answer =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      // Not read: it may have no end.
      answer.body().close();
      return answer.statusCode() == 200
          ? null
          : "its admin port answers %d".formatted(answer.statusCode());
    } catch (IOException e) {
      return "its admin port does not answer";
    }
  }

  private @Nullable String connected(Endpoint endpoint) {
    try (var socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(endpoint.host(), endpoint.port()), (int) ANSWER.toMillis());
      return proxied && hungUp(socket) ? "it does not listen on its port" : null;
    } catch (IOException e) {
      return "it does not listen on its port";
    }
  }

  private static boolean hungUp(Socket socket) throws IOException {
    socket.setSoTimeout(HANG_UP_MILLIS);
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException waiting) {
      return false;
    }
  }
}
