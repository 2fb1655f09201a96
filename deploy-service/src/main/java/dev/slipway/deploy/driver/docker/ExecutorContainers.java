package dev.slipway.deploy.driver.docker;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.driver.ExecutorHealth;
import dev.slipway.deploy.driver.ExecutorObservation;
import dev.slipway.deploy.driver.ExecutorSpecification;
import dev.slipway.deploy.driver.VersionReference;
import dev.slipway.docker.Claims;
import dev.slipway.docker.Claims.Overtaken;
import dev.slipway.docker.Confinement;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Engine.Change;
import dev.slipway.docker.Engine.Listed;
import dev.slipway.docker.Engine.Network;
import dev.slipway.docker.Engine.Seen;
import dev.slipway.docker.Names;
import dev.slipway.docker.Networks;
import dev.slipway.docker.Reach;
import dev.slipway.docker.Turns.Turn;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Executors: a container each, from the image of its version, which it cannot write to.
///
/// Inside, the application listens on 3000 as it likes and is started again with back-off whenever
/// it ends. A container that has ended is an executor that is gone: the engine starts none again,
/// whoever looks has that done.
final class ExecutorContainers {

  /// The value of [VersionFolders#ROLE].
  static final String EXECUTOR = "executor";

  /// Where it is reached, as a label says.
  static final String ENDPOINTS = "dev.slipway.endpoints";

  /// Which executor it is, as a label says.
  static final String ID = "dev.slipway.executor";

  private static final int PORT = 3000;
  private static final int ADMIN_PORT = 3001;
  private static final int TRIES = 3;

  private static final Map<String, String> TEMPORARY =
      Map.of(
          "/tmp",
          "rw,exec,nosuid,nodev,size=256m,mode=1777",
          VersionFiles.HOME,
          "rw,exec,nosuid,nodev,size=64m,mode=1777");

  private final DockerRuntimeSettings settings;
  private final Engine engine;
  private final Names names;
  private final Networks networks;
  private final Claims claims;
  private final Owners owners;
  private final Confinement confinement;
  private final VersionFolders folders;
  private final Journals journals;
  private final ExecutorHealth health = new ExecutorHealth(true);

  ExecutorContainers(
      DockerRuntimeSettings settings,
      Engine engine,
      Names names,
      Networks networks,
      Claims claims,
      Owners owners,
      Confinement confinement,
      VersionFolders folders,
      Journals journals) {
    this.settings = settings;
    this.engine = engine;
    this.names = names;
    this.networks = networks;
    this.claims = claims;
    this.owners = owners;
    this.confinement = confinement;
    this.folders = folders;
    this.journals = journals;
  }

  private Map<String, String> labels(String executor) {
    var labels = new HashMap<>(names.everything());
    labels.put(ID, executor);
    return labels;
  }

  private List<Listed> containers(String executor) throws DriverFailure, InterruptedException {
    return claims.of(executor, engine.containers(labels(executor)));
  }

  private Optional<Listed> claim(Turn turn, String executor)
      throws DriverFailure, InterruptedException {
    return claims.claim(turn, executor, () -> containers(executor));
  }

  /// Endpoints that a new one could have.
  Stream<Endpoint> free(String executor) {
    return switch (settings.reach()) {
      case PUBLISHED -> settings.ports().free();
      case NETWORK ->
          Stream.of(
              new Endpoint(Names.host(executor), PORT),
              new Endpoint(Names.host(executor), ADMIN_PORT));
    };
  }

  // ---- Starting

  void start(Turn turn, ExecutorSpecification executor) throws DriverFailure, InterruptedException {
    String image = folders.image(turn, executor.version());
    Optional<Listed> claimed = claim(turn, executor.executor());
    if (claimed.isPresent() && claimed.get().running()) {
      return;
    }
    if (claimed.isPresent()) {
      remove(turn, executor.version(), executor.executor(), claimed.get());
    }
    byte[] feed =
        feed(
            executor,
            executor.start().isEmpty()
                ? List.of(folders.start(executor.version()))
                : executor.start());
    String name = names.container(executor.executor(), turn.epoch());
    String organization = owners.organization(executor.version().application());
    for (int tries = 0; tries < TRIES; tries++) {
      Network network = networks.of(organization);
      if (!engine.create(turn, command(turn, executor, image, name, organization, network))) {
        throw claims.taken(name);
      }
      Optional<Overtaken> overtaken = claims.overtaken(turn, name);
      if (overtaken.isPresent()) {
        throw overtaken.get().failure();
      }
      if (launched(turn, name, feed)) {
        Optional<Seen> started = engine.inspect(name);
        if (started.isEmpty()) {
          throw claims.vanished(turn);
        }
        journals.follow(executor.version(), executor.executor(), started.get().id(), Instant.EPOCH);
        return;
      }
      // No such container: somebody came later. No such network: the last other container of the
      // organization went.
      engine.remove(turn, name);
    }
    throw claims.vanished(turn);
  }

  /// What does not start leaves nothing.
  private boolean launched(Turn turn, String name, byte[] feed)
      throws DriverFailure, InterruptedException {
    try {
      return engine.start(turn, name, feed) == Change.DONE;
    } catch (DriverFailure failure) {
      if (!(failure instanceof DriverFailure.Fenced)) {
        engine.remove(turn, name);
      }
      throw failure;
    }
  }

  private static byte[] feed(ExecutorSpecification executor, List<String> start)
      throws DriverFailure {
    var secrets = new HashSet<>(executor.secrets());
    secrets.add(executor.adminToken());
    // The application listens on every address of its container, also where it names one, and its
    // admin server answers nobody but the platform.
    var platform =
        Map.of(
            "SLIPWAY_PORTS",
            "%1$d:%1$d,%2$d:%2$d".formatted(PORT, ADMIN_PORT),
            "SLIPWAY_BIND",
            "0.0.0.0",
            "SLIPWAY_ADMIN_TOKEN",
            executor.adminToken(),
            "NODE_OPTIONS",
            "--require /slipway/preload.cjs",
            "PYTHONPATH",
            "/slipway/python");
    return Feed.of(start, executor.environment(), platform, secrets, executor.adminHealth());
  }

  private CreateContainerCmd command(
      Turn turn,
      ExecutorSpecification executor,
      String image,
      String name,
      String organization,
      Network network)
      throws DriverFailure, InterruptedException {
    VersionReference version = executor.version();
    var labels =
        new HashMap<>(
            names.labels(organization, Names.APPLICATION, version.application(), turn.epoch()));
    labels.put(Names.VERSION, version.version());
    labels.put(VersionFolders.ROLE, EXECUTOR);
    labels.put(ID, executor.executor());
    labels.put(ENDPOINTS, executor.endpoint() + " " + executor.admin());
    HostConfig host =
        confinement
            .of(network, (long) executor.memoryMib() << 20)
            .withTmpFs(
                VersionFolders.temporary(
                    TEMPORARY, engine.configuration(image).orElseThrow(() -> gone(image))))
            .withReadonlyRootfs(true);
    if (settings.reach() == Reach.PUBLISHED) {
      host =
          host.withPortBindings(
              published(executor.endpoint(), PORT), published(executor.admin(), ADMIN_PORT));
    }
    return engine
        .container(image)
        .withName(name)
        .withHostName(Names.host(executor.executor()))
        .withAliases(List.of(Names.host(executor.executor())))
        .withUser(VersionFiles.USER + ":" + VersionFiles.USER)
        .withEntrypoint("/bin/sh", VersionFiles.INIT, EXECUTOR)
        .withExposedPorts(ExposedPort.tcp(PORT), ExposedPort.tcp(ADMIN_PORT))
        .withStdinOpen(true)
        .withStdInOnce(true)
        .withLabels(labels)
        .withHostConfig(host);
  }

  private static DriverFailure gone(String image) {
    return new DriverFailure.Transient("busy", "the image %s was removed".formatted(image));
  }

  private static PortBinding published(Endpoint endpoint, int port) {
    return new PortBinding(
        Ports.Binding.bindIpAndPort(endpoint.host(), endpoint.port()), ExposedPort.tcp(port));
  }

  // ---- Looking

  ExecutorObservation observe(ExecutorSpecification executor, Instant now)
      throws InterruptedException {
    try {
      Optional<Seen> found = look(executor.executor());
      if (found.isEmpty() || !found.get().running()) {
        return new ExecutorObservation(
            ExecutorObservation.State.GONE,
            found.filter(Seen::outOfMemory).isPresent()
                ? "it was ended: it used more memory than it may"
                : "it does not run",
            null,
            0,
            now);
      }
      Journals.State state = journals.state(found.get().id()).orElse(null);
      int restarts = state == null ? 0 : state.restarts();
      if (state != null && !state.running()) {
        return new ExecutorObservation(
            ExecutorObservation.State.RESTARTING,
            "it ended with status %s and is started again".formatted(state.word()),
            null,
            restarts,
            now);
      }
      String silence = health.silence(executor);
      return new ExecutorObservation(
          silence == null ? ExecutorObservation.State.HEALTHY : ExecutorObservation.State.SILENT,
          silence,
          process(executor, state),
          restarts,
          now);
    } catch (DriverFailure failure) {
      return withoutEngine(executor, now);
    }
  }

  /// The engine is one thing, what it started another.
  private ExecutorObservation withoutEngine(ExecutorSpecification executor, Instant now)
      throws InterruptedException {
    String silence = health.silence(executor);
    return new ExecutorObservation(
        silence == null ? ExecutorObservation.State.HEALTHY : ExecutorObservation.State.SILENT,
        silence == null ? null : "the Docker engine does not answer, and " + silence,
        null,
        0,
        now);
  }

  private static @Nullable String process(
      ExecutorSpecification executor, Journals.@Nullable State state) {
    if (!executor.adminHealth()) {
      return executor.executor();
    }
    return state == null
        ? null
        : "%s.%s.%d".formatted(executor.executor(), state.word(), state.restarts());
  }

  private Optional<Seen> look(String executor) throws DriverFailure, InterruptedException {
    List<Listed> containers = containers(executor);
    return containers.isEmpty() ? Optional.empty() : engine.inspect(containers.getFirst().id());
  }

  // ---- Ending

  void stop(Turn turn, VersionReference version, String executor, Duration grace)
      throws DriverFailure, InterruptedException {
    Optional<Listed> claimed = claim(turn, executor);
    if (claimed.isEmpty()) {
      return;
    }
    if (claimed.get().running() && grace.isPositive()) {
      engine.stop(turn, claimed.get().name(), grace);
    }
    remove(turn, version, executor, claimed.get());
  }

  /// Ends it at once where it runs; what it has written is kept.
  void remove(Turn turn, VersionReference version, String executor, Listed container)
      throws DriverFailure, InterruptedException {
    String name = names.container(executor, turn.epoch());
    if (engine.inspect(name).filter(Seen::running).isPresent()) {
      engine.kill(turn, name);
    }
    journals.settle(version, executor, container.id(), Instant.EPOCH);
    journals.forget(container.id());
    engine.remove(turn, name);
  }
}
