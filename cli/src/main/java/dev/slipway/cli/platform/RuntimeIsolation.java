package dev.slipway.cli.platform;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How well this machine keeps applications apart, asked of the service that runs them: its health
/// says so beside whether it is ready.
public final class RuntimeIsolation {

  private static final int PATIENCE_MILLIS = 2_000;

  private RuntimeIsolation() {}

  public static Optional<String> read(PlatformHome home) {
    Optional<Integer> port =
        PlatformSettings.read(home)
            .flatMap(it -> Optional.ofNullable(it.ports().get(Catalog.DEPLOY_SERVICE)));
    if (port.isEmpty()) {
      return Optional.empty();
    }
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:%d/q/health/ready".formatted(port.get()))
                  .toURL()
                  .openConnection();
      connection.setConnectTimeout(PATIENCE_MILLIS);
      connection.setReadTimeout(PATIENCE_MILLIS);
      try (InputStream answer = connection.getInputStream()) {
        return find(Json.MAPPER.readTree(answer));
      } finally {
        connection.disconnect();
      }
    } catch (IOException silent) {
      return Optional.empty();
    }
  }

  private static Optional<String> find(JsonNode health) {
    for (JsonNode check : health.path("checks")) {
      @Nullable String isolation = Json.text(check.path("data"), "isolation");
      if (isolation != null) {
        return Optional.of(isolation);
      }
    }
    return Optional.empty();
  }
}
