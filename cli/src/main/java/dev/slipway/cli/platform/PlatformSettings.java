package dev.slipway.cli.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.PrivateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What is chosen when a platform starts for the first time, and kept: `platform.json`.
///
/// @param installation the platform's own identifier; what it makes carries it
/// @param publicPort   where the gateway answers
/// @param ports        loopback ports by purpose
/// @param driver       what instances and applications run on: `process` or `docker`
public record PlatformSettings(
    String installation, int publicPort, Map<String, Integer> ports, String driver) {

  public static final int USUAL_PORT = 8443;
  public static final String PROCESS = "process";
  public static final String DOCKER = "docker";

  public PlatformSettings {
    ports = Map.copyOf(ports);
  }

  /// Empty when no platform was ever started in this home.
  public static Optional<PlatformSettings> read(PlatformHome home) {
    if (!Files.exists(home.settings())) {
      return Optional.empty();
    }
    try {
      JsonNode stored = Json.MAPPER.readTree(home.settings().toFile());
      Map<String, Integer> ports = new TreeMap<>();
      stored
          .path("ports")
          .properties()
          .forEach(it -> ports.put(it.getKey(), it.getValue().asInt()));
      String installation = stored.path("installation").asText("");
      if (installation.isEmpty()) {
        throw new IOException("it names no installation");
      }
      return Optional.of(
          new PlatformSettings(
              installation,
              stored.path("publicPort").asInt(USUAL_PORT),
              ports,
              stored.path("driver").asText(PROCESS)));
    } catch (IOException damaged) {
      throw CommandFailure.failed(
              "home-damaged",
              "%s cannot be read: %s".formatted(home.settings(), damaged.getMessage()))
          .next("Restore the file, or choose another SLIPWAY_HOME.")
          .cause(damaged)
          .build();
    }
  }

  void write(PlatformHome home) throws IOException {
    ObjectNode stored = Json.MAPPER.createObjectNode();
    stored.put("installation", installation);
    stored.put("publicPort", publicPort);
    stored.put("driver", driver);
    ObjectNode numbers = stored.putObject("ports");
    new TreeMap<>(ports).forEach(numbers::put);
    PrivateFile.write(home.settings(), stored.toPrettyString() + "\n");
  }

  public int port(String purpose) {
    Integer port = ports.get(purpose);
    if (port == null) {
      throw new IllegalArgumentException("no port was chosen for " + purpose);
    }
    return port;
  }

  /// The address people use.
  public String publicUrl() {
    return "https://localhost:" + publicPort;
  }
}
