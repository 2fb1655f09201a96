package dev.slipway.cli.platform;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the services tell of this machine beside whether they are ready, in their health.
public final class RuntimeFacts {

  private static final int PATIENCE_MILLIS = 2_000;

  private RuntimeFacts() {}

  /// How well this machine keeps applications apart.
  public static Optional<String> isolation(PlatformHome home) {
    return read(home, Catalog.DEPLOY_SERVICE, "isolation");
  }

  /// In what the driver of instances does more than every one does.
  public static Optional<String> capabilities(PlatformHome home) {
    return read(home, Catalog.INSTANCE_SERVICE, "capabilities").filter(it -> !it.isBlank());
  }

  private static Optional<String> read(PlatformHome home, String service, String fact) {
    Optional<Integer> port =
        PlatformSettings.read(home).flatMap(it -> Optional.ofNullable(it.ports().get(service)));
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
        return find(Json.MAPPER.readTree(answer), fact);
      } finally {
        connection.disconnect();
      }
    } catch (IOException silent) {
      return Optional.empty();
    }
  }

  private static Optional<String> find(JsonNode health, String fact) {
    for (JsonNode check : health.path("checks")) {
      @Nullable String value = Json.text(check.path("data"), fact);
      if (value != null) {
        return Optional.of(value);
      }
    }
    return Optional.empty();
  }
}
