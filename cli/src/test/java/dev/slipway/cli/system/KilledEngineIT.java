package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.system.PlatformUnderTest.Running;
import dev.slipway.common.docker.OwnEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/// A platform on an engine of its own, which is killed and started again. The servers in the
/// containers are not told: they live on behind ports that nobody forwards any more, until the
/// engine that comes back ends them.
@InTurn(4)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 30, unit = TimeUnit.MINUTES)
@Isolated("kills the engine of containers")
final class KilledEngineIT {

  private static final String NODE = "node:20-bookworm-slim";

  private static final String CONFIGURATION =
      """
      language: node
      database:
        migrate:
          - sleep 10
      runtimeConfig:
        start:
          - node main.js
      """;

  private static final String PACKAGE =
      """
      {"name": "killed", "version": "1.0.0"}
      """;

  /// Without one, npm asks the registry, which cannot be reached from the second engine.
  private static final String LOCK =
      """
      {"name": "killed", "version": "1.0.0", "lockfileVersion": 3, "packages": {
        "": {"name": "killed", "version": "1.0.0"}}}
      """;

  private static final String SERVER =
      """
      require('http').createServer((_, response) => response.end('"here"')).listen(3000);
      """;

  @SuppressWarnings("NullAway.Init") // set before the first test
  private OwnEngine engine;

  @SuppressWarnings("NullAway.Init") // set before the first test
  private PlatformUnderTest platform;

  @SuppressWarnings("NullAway.Init") // set before the first test
  private Path mine;

  @BeforeAll
  void start() throws Exception {
    engine = OwnEngine.start(DockerDriverIT.IMAGE, NODE);
    platform = PlatformUnderTest.another(Map.of("DOCKER_HOST", engine.host()));
    platform.slipway(platform.folder(), "up", "--detach", "--driver", "docker").succeeded();
    mine = platform.user("killedengine");
  }

  @AfterAll
  void end() throws Exception {
    if (platform != null) {
      platform.close();
    }
    if (engine != null) {
      engine.close();
    }
  }

  /// Killed when there is nothing yet, a network, a container, and a server that initialises.
  @Test
  void provisionDuringWhichTheEngineDiesEndsAndLeavesNothing() throws Exception {
    List<String> before = engine.everything();
    killedWhen("nothing", () -> true);
    killedWhen("network", () -> has("network "));
    killedWhen("container", () -> has("container "));
    killedWhen("running", () -> !engine.docker(true, "ps", "-q").isEmpty());
    assertThat(engine.everything()).isEqualTo(before);
  }

  private void killedWhen(String name, Callable<Boolean> moment) throws Exception {
    Running provision =
        platform.begin(mine, "db", "provision", name, "-U", "owner_1", "--generate-password");
    await(name)
        .pollInterval(Duration.ofMillis(20))
        .atMost(PlatformUnderTest.PATIENCE)
        .until(moment);
    engine.kill();
    engine.start();
    PlatformUnderTest.Result end = provision.end();
    JsonNode operation = operation(name, "instance.provision");
    assertThat(operation.path("phase").asText()).as(end.toString()).isEqualTo("ended");
    // The engine came back, so it succeeds; unless it still holds the port that it was about to
    // forward when it was killed.
    if (end.exitCode() != 0) {
      assertThat(operation.at("/cause/code").asText()).as(end.toString()).isEqualTo("port-taken");
    }
    platform.slipway(mine, "db", "destroy", name, "--yes").succeeded();
  }

  /// Killed when there is nothing of the version yet, a folder, a command that runs, an image, and
  /// an executor. Whatever came of it, the next deploy needs nobody to clean up.
  @Test
  void deployDuringWhichTheEngineDiesEndsAndLeavesNothing() throws Exception {
    List<String> before = engine.everything();
    platform
        .slipway(mine, "db", "provision", "under", "-U", "owner_1", "--generate-password")
        .succeeded();
    Example app =
        Example.of(
            platform, mine, "killedengine", Files.createTempDirectory(platform.folder(), "empty"));
    app.write("package.json", PACKAGE);
    app.write("package-lock.json", LOCK);
    app.write("dbos-config.yaml", CONFIGURATION);
    app.write("main.js", SERVER);
    platform.slipway(mine, "app", "register", "killed", "-d", "under").succeeded();
    List<String> registered = engine.everything();
    killedDuringDeploy(() -> true);
    String folder = "label=dev.slipway.role=folder";
    killedDuringDeploy(() -> !engine.docker(true, "ps", "-aq", "--filter", folder).isEmpty());
    killedDuringDeploy(() -> !engine.docker(true, "ps", "-q", "--filter", folder).isEmpty());
    long images = registered.stream().filter(it -> it.startsWith("image ")).count();
    killedDuringDeploy(
        () -> engine.everything().stream().filter(it -> it.startsWith("image ")).count() > images);
    String executor = "label=dev.slipway.role=executor";
    killedDuringDeploy(() -> !engine.docker(true, "ps", "-aq", "--filter", executor).isEmpty());

    platform.slipway(mine, "db", "destroy", "under", "--yes", "--force").succeeded();
    assertThat(engine.everything()).isEqualTo(before);
  }

  private void killedDuringDeploy(Callable<Boolean> moment) throws Exception {
    Running deploy = platform.begin(mine, "app", "deploy", "killed");
    await().pollInterval(Duration.ofMillis(20)).atMost(PlatformUnderTest.PATIENCE).until(moment);
    engine.kill();
    engine.start();
    PlatformUnderTest.Result end = deploy.end();
    System.out.printf("deploy ended with %d: %s%n", end.exitCode(), end.err().strip());
    assertThat(operation("killed", "application.deploy").path("phase").asText())
        .as(end.toString())
        .isEqualTo("ended");
    platform.slipway(mine, "app", "deploy", "killed").succeeded();
    assertThat(new Example(platform, mine, "killedengine").get("killed").asText())
        .isEqualTo("here");
    platform.slipway(mine, "app", "delete", "killed", "--yes").succeeded();
    platform.slipway(mine, "app", "register", "killed", "-d", "under").succeeded();
  }

  private boolean has(String kind) throws IOException, InterruptedException {
    return engine.everything().stream().anyMatch(it -> it.startsWith(kind));
  }

  private JsonNode operation(String name, String kind) throws IOException, InterruptedException {
    for (JsonNode it : platform.slipway(mine, "ops", "list", "--json").succeeded().json()) {
      if (it.path("subjectName").asText().equals(name) && it.path("kind").asText().equals(kind)) {
        return it;
      }
    }
    throw new AssertionError("no operation is listed");
  }

  @Test
  void instanceIsUnavailableWhileTheEngineIsDownAndComesBackByItself() throws Exception {
    List<String> before = engine.everything();
    platform
        .slipway(mine, "db", "provision", "kept", "-U", "owner_1", "--generate-password")
        .succeeded();
    DockerDriverIT.query(platform, mine, "kept", "create table kept as select 42 as answer");

    engine.kill();

    await("it is said to be unavailable, and why")
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(
            () -> {
              JsonNode seen = instance();
              assertThat(seen.path("Status").asText()).isEqualTo("unavailable");
              assertThat(seen.path("Reason").asText())
                  .contains("the Docker engine does not answer");
            });

    engine.start();

    await("the data is there again")
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .ignoreExceptions()
        .until(
            () -> DockerDriverIT.query(platform, mine, "kept", "select answer from kept"),
            List.of("42")::equals);
    await("and so it is said")
        .atMost(PlatformUnderTest.PATIENCE)
        .until(() -> instance().path("Status").asText().equals("available"));
    platform.slipway(mine, "db", "destroy", "kept", "--yes").succeeded();
    assertThat(engine.everything()).isEqualTo(before);
  }

  private JsonNode instance() throws IOException, InterruptedException {
    return platform.slipway(mine, "db", "status", "kept", "--json").succeeded().json();
  }
}
