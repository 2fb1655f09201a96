package dev.slipway.deploy.driver.docker;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.Locality;
import dev.slipway.common.driver.Trashed;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Epochs;
import dev.slipway.common.operation.Fence;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.CommandSpecification;
import dev.slipway.deploy.driver.ExecutorObservation;
import dev.slipway.deploy.driver.ExecutorSpecification;
import dev.slipway.deploy.driver.RuntimeArguments;
import dev.slipway.deploy.driver.VersionReference;
import dev.slipway.docker.Claims;
import dev.slipway.docker.Confinement;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Names;
import dev.slipway.docker.Networks;
import dev.slipway.docker.Reach;
import dev.slipway.docker.Turns.Turn;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs applications as containers: one for the folder of each version, one for each executor, in
/// the network of their organization, where the organization's instances are, too.
///
/// **Fencing** is that of instances on Docker: by the names of containers and the epochs of the
/// control database, see [Claims].
///
/// **Environment.** To what the caller gives, the runtime adds `HOME`, `TMPDIR`, `LANG`, `USER` and
/// `LOGNAME` where they are absent; `PATH` is the image's. It goes over the container's standard
/// input, so neither an inspection of the container nor the engine's files show it.
///
/// **Packages** for development stay: executors share their image layer with those of every other
/// version with the same lock file.
public final class DockerApplicationRuntime implements ApplicationRuntime, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(DockerApplicationRuntime.class);
  private static final Duration ROUND = Duration.ofSeconds(1);
  private static final int POSTGRES = 5432;
  private static final int OOM_SCORE = 500;
  private static final int LOG_MEGABYTES = 10;
  private static final int LOG_FILES = 3;

  private final Reach reach;
  private final InstantSource clock;
  private final Engine engine;
  private final Claims claims;
  private final VersionFolders folders;
  private final Builds builds;
  private final CommandRuns runs;
  private final ExecutorContainers executors;
  private final Journals journals;
  private final Premises premises;
  private final Thread rounds;

  private DockerApplicationRuntime(
      DockerRuntimeSettings settings, Owners owners, Epochs epochs, InstantSource clock) {
    this.reach = settings.reach();
    this.clock = clock;
    this.engine = new Engine(settings.host(), request -> {});
    var names = new Names(settings.installation());
    var networks = new Networks(engine, names, settings.reach());
    var confinement = new Confinement(engine, settings.cpus(), OOM_SCORE, LOG_MEGABYTES, LOG_FILES);
    this.claims = new Claims(engine, names, epochs, Names.APPLICATION);
    this.journals = new Journals(engine, settings.directory());
    this.folders =
        new VersionFolders(settings, engine, names, networks, claims, owners, confinement);
    this.builds = new Builds(engine, claims, folders, journals);
    this.runs = new CommandRuns(engine, folders, builds, journals);
    this.executors =
        new ExecutorContainers(
            settings, engine, names, networks, claims, owners, confinement, folders, journals);
    this.premises =
        new Premises(
            settings, engine, names, networks, claims, folders, executors, builds, journals);
    this.rounds = Thread.ofPlatform().daemon().name("docker-rounds").unstarted(this::listen);
  }

  /// Opens the runtime; the engine need not be there yet.
  ///
  /// @param epochs highest epoch of each application: whoever acts has raised it before
  public static DockerApplicationRuntime open(
      DockerRuntimeSettings settings, Owners owners, Epochs epochs, InstantSource clock) {
    var runtime = new DockerApplicationRuntime(settings, owners, epochs, clock);
    try {
      new TemporaryFiles(settings.directory()).removeAbandoned(clock.instant());
    } catch (IOException full) {
      LOG.warn("What services that died have left stays", full);
    }
    runtime.rounds.start();
    return runtime;
  }

  @Override
  public void close() {
    rounds.interrupt();
    try {
      rounds.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    builds.close();
    journals.close();
    engine.close();
  }

  /// What runs is listened to also after a restart of this service or of the engine.
  private void listen() {
    try {
      while (true) {
        try {
          premises.listen();
        } catch (DriverFailure unreachable) {
          LOG.debug("The engine was not looked at", unreachable);
        } catch (RuntimeException bug) {
          // One application's must not keep the others from being listened to.
          LOG.error("The containers were not looked at", bug);
        }
        Thread.sleep(ROUND);
      }
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String name() {
    return "docker";
  }

  @Override
  public Locality locality() {
    return new Locality.AnyReplica();
  }

  @Override
  public String isolation() {
    return "containers without any right, each organization in a network of its own; executors cannot"
        + " write to their image";
  }

  @Override
  public String certificateAuthority(VersionReference version) {
    return VersionFiles.AUTHORITY;
  }

  @Override
  public String trustedCertificates(VersionReference version) {
    return VersionFiles.TRUSTED;
  }

  /// By the name that the instance's container has inside its organization's network.
  @Override
  public Endpoint database(String instance, Endpoint published) {
    return new Endpoint(Names.host(instance), POSTGRES);
  }

  @Override
  public Endpoint databaseForPlatform(String instance, Endpoint published) {
    return switch (reach) {
      case PUBLISHED -> published;
      case NETWORK -> database(instance, published);
    };
  }

  @Override
  public boolean prunes() {
    return false;
  }

  private Turn enter(Fence fence, VersionReference version)
      throws DriverFailure, InterruptedException {
    return claims.enter(fence, version.application());
  }

  @Override
  public void adopt(Fence fence, VersionReference version, Path unpacked)
      throws DriverFailure, InterruptedException {
    try (Turn turn = enter(fence, version)) {
      folders.adopt(turn, version, unpacked);
    }
  }

  @Override
  public Optional<String> read(VersionReference version, String path) throws DriverFailure {
    List<String> parts = RuntimeArguments.parts(path);
    try {
      return folders.read(version, parts);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  @Override
  public void write(Fence fence, VersionReference version, String path, String text)
      throws DriverFailure, InterruptedException {
    RuntimeArguments.parts(path);
    RuntimeArguments.bytes(text);
    try (Turn turn = enter(fence, version)) {
      folders.write(turn, version, path, text);
    }
  }

  @Override
  public void begin(Fence fence, CommandSpecification command)
      throws DriverFailure, InterruptedException {
    try (Turn turn = enter(fence, command.version())) {
      runs.begin(turn, command);
    }
  }

  @Override
  public boolean builds() {
    return true;
  }

  @Override
  public void build(Fence fence, VersionReference version, String name, Set<String> secrets)
      throws DriverFailure, InterruptedException {
    CommandSpecification.requireName(name);
    try (Turn turn = enter(fence, version)) {
      builds.begin(turn, version, name, secrets);
    }
  }

  @Override
  public void useBuilt(Fence fence, VersionReference version, String name)
      throws DriverFailure, InterruptedException {
    CommandSpecification.requireName(name);
    try (Turn turn = enter(fence, version)) {
      folders.useBuilt(turn, version, name);
      // The folder knows how it ended.
      builds.discard(version);
    }
  }

  @Override
  public CommandRun look(VersionReference version, String name) throws DriverFailure {
    try {
      return runs.look(version, CommandSpecification.requireName(name));
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  @Override
  public List<String> tail(VersionReference version, String name, int lines) throws DriverFailure {
    try {
      return runs.tail(version, CommandSpecification.requireName(name), lines);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static DriverFailure interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new DriverFailure.Transient("interrupted", "the platform stops", cause);
  }

  @Override
  public void clear(Fence fence, VersionReference version, String name)
      throws DriverFailure, InterruptedException {
    clear(fence, version, List.of(name));
  }

  @Override
  public void clear(Fence fence, VersionReference version, Collection<String> names)
      throws DriverFailure, InterruptedException {
    names.forEach(CommandSpecification::requireName);
    try (Turn turn = enter(fence, version)) {
      runs.clear(turn, version, names);
    }
  }

  @Override
  public boolean useTree(Fence fence, VersionReference version, String tree)
      throws DriverFailure, InterruptedException {
    RuntimeArguments.requireTree(tree);
    try (Turn turn = enter(fence, version)) {
      return folders.useTree(turn, version, tree);
    }
  }

  @Override
  public void keepTree(Fence fence, VersionReference version, String tree)
      throws DriverFailure, InterruptedException {
    RuntimeArguments.requireTree(tree);
    try (Turn turn = enter(fence, version)) {
      folders.keepTree(turn, version, tree);
    }
  }

  @Override
  public void forgetTrees(Collection<String> needed) throws DriverFailure, InterruptedException {
    folders.forgetTrees(needed);
  }

  @Override
  public Stream<Endpoint> freeEndpoints(String executor) {
    return executors.free(executor);
  }

  @Override
  public Resource folder(VersionReference version) {
    return Premises.folder(version);
  }

  @Override
  public List<Resource> footprint(ExecutorSpecification executor) {
    return List.of(
        new Resource("port", executor.endpoint().toString()),
        new Resource("port", executor.admin().toString()),
        Premises.process(executor.executor()));
  }

  @Override
  public void start(Fence fence, ExecutorSpecification executor)
      throws DriverFailure, InterruptedException {
    try (Turn turn = enter(fence, executor.version())) {
      executors.start(turn, executor);
    }
  }

  @Override
  public ExecutorObservation observe(ExecutorSpecification executor) throws InterruptedException {
    return executors.observe(executor, clock.instant());
  }

  @Override
  public void stop(Fence fence, VersionReference version, String executor, Duration grace)
      throws DriverFailure, InterruptedException {
    ExecutorSpecification.requireExecutor(executor);
    try (Turn turn = enter(fence, version)) {
      executors.stop(turn, version, executor, grace);
    }
  }

  @Override
  public void discard(Fence fence, VersionReference version)
      throws DriverFailure, InterruptedException {
    try (Turn turn = enter(fence, version)) {
      premises.discard(turn, version);
    }
  }

  @Override
  public Gone destroy(Fence fence, String application, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    try (Turn turn = claims.enter(fence, VersionReference.requireApplication(application))) {
      return premises.destroy(turn, application, expected);
    }
  }

  @Override
  public Gone proveGone(String application, Collection<Resource> things)
      throws DriverFailure, InterruptedException {
    return premises.proveGone(VersionReference.requireApplication(application), things);
  }

  @Override
  public Trashed moveToTrash(String application, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    try (Turn turn = claims.enterUnfenced(VersionReference.requireApplication(application))) {
      return premises.moveToTrash(turn, application, expected, clock.instant());
    }
  }

  @Override
  public List<Found> inventory() throws DriverFailure, InterruptedException {
    return premises.inventory();
  }
}
