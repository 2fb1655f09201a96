package dev.slipway.deploy.driver.docker;

import static dev.slipway.deploy.driver.docker.DockerRuntimeStage.fence;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.ContainerConfig;
import com.github.dockerjava.api.model.HostConfig;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.id.Identifiers;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.CommandSpecification;
import dev.slipway.deploy.driver.ExecutorObservation;
import dev.slipway.deploy.driver.ExecutorSpecification;
import dev.slipway.deploy.driver.VersionReference;
import dev.slipway.docker.Names;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What only containers have: seen from the engine, and over the network.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class ContainersTest {

  private static final String SECRET = "a secret of a test";
  private static final String ODD = "it's \"odd\" $(id) `id` \\ ${HOME}\nand long; exit 9 #";
  private static final String SERVER =
      """
      const http = require('http');
      http.createServer((q, a) => a.end(process.env.ODD)).listen(3000, '127.0.0.1');
      http.createServer((q, a) => a.end('admin')).listen(3001);
      """;

  @AutoClose
  @SuppressWarnings("NullAway.Init") // set before the first test
  private static DockerRuntimeStage stage;

  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeAll
  static void open() {
    stage = new DockerRuntimeStage();
  }

  private static VersionReference adopted() throws Exception {
    var version = new VersionReference(Identifiers.next("app"), "1700000000000");
    stage.adopt(version, Map.of("package.json", "{\"name\":\"shop\"}", "main.js", SERVER));
    return version;
  }

  private static ExecutorSpecification executor(VersionReference version) {
    String executor = Identifiers.next("exe");
    List<Endpoint> endpoints = stage.runtime.freeEndpoints(executor).limit(2).toList();
    return new ExecutorSpecification(
        version,
        executor,
        endpoints.getFirst(),
        endpoints.getLast(),
        List.of("exec node main.js"),
        Map.of("ODD", ODD, "TREASURE", SECRET),
        Set.of(SECRET),
        256,
        "token-of-a-test",
        false);
  }

  private static void awaitHealthy(ExecutorSpecification executor) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> stage.runtime.observe(executor).state(),
            ExecutorObservation.State.HEALTHY::equals);
  }

  private HttpResponse<String> ask(Endpoint endpoint, String token) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://%s/".formatted(endpoint)))
            .header("X-Slipway-Admin", token)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static void destroy(VersionReference version) throws Exception {
    stage.runtime.destroy(fence(version, 9), version.application(), List.of());
  }

  @Test
  void anExecutorMayLittleAndNobodySeesWhatItWasTold() throws Exception {
    VersionReference version = adopted();
    ExecutorSpecification executor = executor(version);
    stage.runtime.start(fence(version, 1), executor);
    awaitHealthy(executor);

    String container = stage.container(executor.executor()).orElseThrow().id();
    InspectContainerResponse seen = stage.client.inspectContainerCmd(container).exec();

    HostConfig host = seen.getHostConfig();
    assertThat(host.getCapDrop()).containsExactly(Capability.ALL);
    assertThat(host.getSecurityOpts()).containsExactly("no-new-privileges");
    assertThat(host.getReadonlyRootfs()).isTrue();
    assertThat(host.getPrivileged()).isFalse();
    assertThat(host.getMemory()).isEqualTo(256L << 20);
    assertThat(host.getPidsLimit()).isEqualTo(512);
    // The client has no word for what it does not say.
    assertThat(host.getRestartPolicy().getName()).isIn("", "no");
    assertThat(seen.getMounts()).isEmpty();
    assertThat(seen.getConfig().getUser()).isEqualTo("10001:10001");
    assertThat(seen.getNetworkSettings().getNetworks()).hasSize(1);
    ContainerConfig told = seen.getConfig();
    assertThat(
            Arrays.toString(told.getEnv())
                + Arrays.toString(told.getEntrypoint())
                + Arrays.toString(told.getCmd())
                + Arrays.toString(seen.getArgs())
                + told.getLabels())
        .contains("init.sh")
        .doesNotContain(SECRET, "TREASURE", "token-of-a-test", "main.js");
    destroy(version);
  }

  @Test
  void itIsReachedWhereverItListensAndItsAdminPortByThePlatformAlone() throws Exception {
    VersionReference version = adopted();
    ExecutorSpecification executor = executor(version);
    stage.runtime.start(fence(version, 1), executor);
    awaitHealthy(executor);

    assertThat(ask(executor.endpoint(), "").body()).isEqualTo(ODD);
    assertThat(ask(executor.admin(), "token-of-a-test").body()).isEqualTo("admin");
    assertThat(ask(executor.admin(), "another").statusCode()).isEqualTo(403);
    destroy(version);
  }

  @Test
  void whatTheEngineHasEndedIsGoneAndComesBackWhenItIsAskedFor() throws Exception {
    VersionReference version = adopted();
    ExecutorSpecification executor = executor(version);
    stage.runtime.start(fence(version, 1), executor);
    awaitHealthy(executor);
    stage.client.killContainerCmd(stage.container(executor.executor()).orElseThrow().id()).exec();

    assertThat(stage.another.observe(executor).state()).isEqualTo(ExecutorObservation.State.GONE);
    stage.another.start(fence(version, 2), executor);

    awaitHealthy(executor);
    destroy(version);
  }

  @Test
  void aCommandThatTheEngineHasEndedHasVanished() throws Exception {
    VersionReference version = adopted();
    stage.runtime.begin(fence(version, 1), command(version, "migrate", "echo began; sleep 600"));
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> stage.runtime.look(version, "migrate"), new CommandRun.Running(1)::equals);
    for (var listed :
        stage.engine.containers(stage.names.of(Names.APPLICATION, version.application()))) {
      assertThat(
              stage.client.inspectContainerCmd(listed.id()).exec().getHostConfig().getCpuShares())
          .as("it gives way to what serves")
          .isEqualTo(128);
      stage.client.killContainerCmd(listed.id()).exec();
    }

    assertThat(stage.runtime.look(version, "migrate")).isEqualTo(new CommandRun.Vanished());
    stage.runtime.clear(fence(version, 1), version, "migrate");
    stage.runtime.begin(fence(version, 1), command(version, "migrate", "sh -c 'kill -9 $$'"));
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> stage.runtime.look(version, "migrate"), new CommandRun.Exited(137)::equals);
    assertThat(stage.runtime.tail(version, "migrate", 5)).doesNotContain("began");
    destroy(version);
  }

  /// Engines that come back end what has outlived them with SIGTERM, which commands take as they
  /// like; and the container still has the last word of the run before.
  @ParameterizedTest
  @ValueSource(strings = {"KILL", "TERM"})
  void aCommandThatTheEngineHasEndedIsNotTakenForTheOneBefore(String signal) throws Exception {
    VersionReference version = adopted();
    stage.runtime.begin(fence(version, 1), command(version, "build", ":"));
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> stage.runtime.look(version, "build"), new CommandRun.Exited(0)::equals);
    stage.runtime.begin(
        fence(version, 1),
        command(version, "migrate", "trap 'exit 0' TERM; echo began; sleep 600 & wait"));
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> stage.runtime.look(version, "migrate"), new CommandRun.Running(1)::equals);
    for (var listed :
        stage.engine.containers(stage.names.of(Names.APPLICATION, version.application()))) {
      stage.client.killContainerCmd(listed.id()).withSignal(signal).exec();
    }

    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> stage.runtime.look(version, "migrate"), new CommandRun.Vanished()::equals);
    assertThat(stage.runtime.look(version, "build")).isEqualTo(new CommandRun.Exited(0));
    destroy(version);
  }

  /// As `docker network prune` does while nothing runs.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCommandRunsThoughItsNetworkWasRemoved(boolean ranBefore) throws Exception {
    VersionReference version = adopted();
    if (ranBefore) {
      stage.runtime.begin(fence(version, 1), command(version, "build", ":"));
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> stage.runtime.look(version, "build"), new CommandRun.Exited(0)::equals);
    }
    for (var network : stage.engine.networks(stage.names.everything())) {
      stage.engine.removeNetwork(network.id());
    }

    stage.runtime.begin(fence(version, 1), command(version, "migrate", "exit 5"));

    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> stage.runtime.look(version, "migrate"), new CommandRun.Exited(5)::equals);
    destroy(version);
  }

  private static CommandSpecification command(
      VersionReference version, String name, String command) {
    return new CommandSpecification(version, name, List.of(command), Map.of(), Set.of(), 512, true);
  }

  @Test
  void executorsOfAVersionShareItsImageAndNothingOfItIsLeft() throws Exception {
    VersionReference version = adopted();
    ExecutorSpecification first = executor(version);
    ExecutorSpecification second = executor(version);
    stage.runtime.start(fence(version, 1), first);
    stage.runtime.start(fence(version, 1), second);

    assertThat(stage.container(first.executor()).orElseThrow().image())
        .isEqualTo(stage.container(second.executor()).orElseThrow().image());
    Map<String, String> its = stage.names.of(Names.APPLICATION, version.application());
    assertThat(stage.engine.images(its)).hasSize(1);
    destroy(version);
    assertThat(stage.engine.images(its)).isEmpty();
    assertThat(stage.engine.containers(its)).isEmpty();
    assertThat(stage.engine.volumes(its)).isEmpty();
  }
}
