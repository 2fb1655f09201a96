package dev.slipway.cli.system;

import dev.slipway.cli.system.PlatformUnderTest.Result;
import dev.slipway.common.docker.PromisedEngine;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/// The platform of `docker-compose.yml`, under a project of its own, from images of what was built
/// last. Either generation of compose will do.
///
/// @param platform where people's folders are; its home has the authority's certificate
/// @param compose  the command
/// @param engine   what of its instances and applications is there
/// @param started  how long it took until everything was healthy
record ComposedPlatform(
    PlatformUnderTest platform,
    List<String> compose,
    Map<String, String> environment,
    EngineFromOutside engine,
    Duration started) {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path SOCKET = Path.of("/var/run/docker.sock");

  /// The parts that stay; the others have ended.
  private static final List<String> STAYING =
      List.of(
          "postgres", "kafka", "account-service", "instance-service", "deploy-service", "gateway");

  /// Skips the test where it cannot be started.
  static ComposedPlatform start() throws IOException, InterruptedException {
    EngineFromOutside.requireImages(
        "eclipse-temurin:25-jre", "postgres:18", "apache/kafka:4.0.0", "node:20-bookworm-slim");
    List<String> compose = command();
    PlatformUnderTest platform = PlatformUnderTest.another();
    String port = Integer.toString(platform.port());
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.put("COMPOSE_PROJECT_NAME", "slipway-test-" + port);
    environment.put("SLIPWAY_OUTSIDE", "0-slipway-test-" + port);
    environment.put("SLIPWAY_IMAGES", "slipway-test");
    environment.put("SLIPWAY_PORT", port);
    environment.put("SLIPWAY_PORTS", port);
    environment.put("SLIPWAY_DOCKER_GROUP", Files.getAttribute(SOCKET, "unix:gid").toString());
    environment.put("COMPOSE_FILE", files(platform, environment.get("NODE_EXTRA_CA_CERTS")));
    if (EngineFromOutside.docker("buildx", "version").exitCode() != 0) {
      environment.put("DOCKER_BUILDKIT", "0");
    }
    var starting =
        new ComposedPlatform(
            platform,
            compose,
            Map.copyOf(environment),
            new EngineFromOutside("label=dev.slipway.installation=none yet"),
            Duration.ZERO);
    try {
      starting.compose("build").succeeded();
      long began = System.nanoTime();
      starting.compose("up", "--detach", "--no-build").succeeded();
      Awaitility.await("everything is healthy")
          .atMost(PlatformUnderTest.PATIENCE)
          .pollInterval(Duration.ofMillis(500))
          .until(starting::healthy);
      Duration started = Duration.ofNanos(System.nanoTime() - began);
      starting.takeAuthority();
      return new ComposedPlatform(
          platform, compose, starting.environment(), EngineFromOutside.of(platform), started);
    } catch (IOException | InterruptedException | RuntimeException | Error failure) {
      System.err.println(starting.compose("logs", "--no-color", "--tail=60").out());
      starting.remove();
      throw failure;
    }
  }

  /// What programs on this machine trust, installs in containers have to.
  private static String files(PlatformUnderTest platform, @Nullable String authorities)
      throws IOException {
    String file = ROOT.resolve("docker-compose.yml").toString();
    if (authorities == null || authorities.isBlank()) {
      return file;
    }
    Path override = platform.folder().resolve("override.yml");
    Files.writeString(
        override,
        """
        services:
          deploy-service:
            environment: {SLIPWAY_APPLICATIONS_MACHINE_AUTHORITIES: /run/authorities.pem}
            volumes: ["%s:/run/authorities.pem:ro"]
        """
            .formatted(authorities));
    return file + ':' + override;
  }

  private static List<String> command() throws IOException, InterruptedException {
    if (EngineFromOutside.docker("compose", "version").exitCode() == 0) {
      return List.of("docker", "compose");
    }
    if (!OfficialCommand.present("docker-compose")) {
      PromisedEngine.missing("there is neither docker compose nor docker-compose");
    }
    return List.of("docker-compose");
  }

  /// The command finds this platform as it finds one that was started here.
  private void takeAuthority() throws IOException, InterruptedException {
    Path home = platform.home();
    Files.createDirectories(home.resolve("ca"));
    Files.writeString(home.resolve("ca/ca.pem"), inside("gateway", "cat", "/etc/slipway/ca.pem"));
    var properties = new Properties();
    properties.load(new StringReader(inside("gateway", "cat", "/etc/slipway/service.properties")));
    Files.writeString(
        home.resolve("platform.json"),
        "{\"installation\": \"%s\", \"publicPort\": %d, \"driver\": \"docker\"}"
            .formatted(properties.getProperty("slipway.installation"), platform.port()));
  }

  Result compose(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(compose);
    command.addAll(List.of(arguments));
    return PlatformUnderTest.run(ROOT, environment, "", command);
  }

  /// What a program in a part's container prints.
  String inside(String part, String... program) throws IOException, InterruptedException {
    return compose(
            Stream.concat(Stream.of("exec", "-T", part), Stream.of(program)).toArray(String[]::new))
        .succeeded()
        .out();
  }

  boolean healthy() throws IOException, InterruptedException {
    for (String part : STAYING) {
      List<String> containers = containers(part);
      if (containers.isEmpty()) {
        return false;
      }
      for (String container : containers) {
        if (!lines("inspect", "--format={{.State.Health.Status}}", container)
            .equals(List.of("healthy"))) {
          return false;
        }
      }
    }
    return true;
  }

  /// Those of a part that run.
  List<String> containers(String part) throws IOException, InterruptedException {
    return lines(
        "ps",
        "--quiet",
        "--filter=label=com.docker.compose.project=" + environment.get("COMPOSE_PROJECT_NAME"),
        "--filter=label=com.docker.compose.service=" + part);
  }

  /// The addresses of a container, by network.
  Map<String, String> addresses(String container) throws IOException, InterruptedException {
    Map<String, String> addresses = new HashMap<>();
    for (String line :
        lines(
            "inspect",
            "--format={{range $name, $it := .NetworkSettings.Networks}}{{println $name $it.IPAddress}}{{end}}",
            container)) {
      String[] words = line.strip().split(" ", -1);
      if (words.length == 2) {
        addresses.put(words[0], words[1]);
      }
    }
    return addresses;
  }

  private static List<String> lines(String... command) throws IOException, InterruptedException {
    return EngineFromOutside.docker(command).succeeded().out().lines().toList();
  }

  String controlNetwork() {
    return environment.get("COMPOSE_PROJECT_NAME") + "_control";
  }

  /// Removes all of it, and what a failed test has left.
  void remove() throws IOException, InterruptedException {
    compose("down", "--volumes", "--timeout", "5").succeeded();
    engine.removeAll();
  }
}
