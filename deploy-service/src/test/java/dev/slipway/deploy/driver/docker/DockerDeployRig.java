package dev.slipway.deploy.driver.docker;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.driver.HostPorts;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationEngine.Interruptions;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Scenario;
import dev.slipway.common.operation.SqlEpochs;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.driver.VersionReference;
import dev.slipway.deploy.log.LogLine;
import dev.slipway.deploy.log.LogReader;
import dev.slipway.deploy.operation.DeleteApplication;
import dev.slipway.deploy.operation.DeployStage;
import dev.slipway.deploy.operation.DeployVersion;
import dev.slipway.deploy.operation.RollBackVersion;
import dev.slipway.docker.Engine.Listed;
import dev.slipway.docker.Names;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One application in Node.js on a real engine, worked on by the service's own operations, whose
/// epochs are those of the kernel's database.
///
/// Each engine of operations has a runtime of its own, as each process has; it ends with its
/// process. Which migrations ran, and how often, is what their commands have written.
final class DockerDeployRig implements Scenario.Rig {

  private static final String APPLIED = "applied";
  private static final String REVERTED = "reverted";
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final String kind;
  private final DockerInstallation installation;
  private final HostPorts ports;
  private final KernelDatabase database;
  private final DeployStage deploys;
  private final LogReader logs;
  private final AtomicLong acts = new AtomicLong();
  private @Nullable DockerApplicationRuntime runtime;
  private boolean registered;
  private String first = "";
  private String second = "";

  DockerDeployRig(
      String kind, DockerInstallation installation, HostPorts ports, KernelDatabase database) {
    this.kind = kind;
    this.installation = installation;
    this.ports = ports;
    this.database = database;
    this.deploys = new DeployStage(database, ports.first());
    this.logs = new LogReader(installation.applications());
    deploys.schemas().shownBy(this::schema);
  }

  // ---- What is deployed

  private final class Answering implements DeployStage.Program {

    @Override
    public Path unpack(VersionReference version) {
      try {
        Path unpacked = Files.createTempDirectory(installation.folder, "unpacked-");
        Files.writeString(unpacked.resolve("package.json"), "{}");
        Files.writeString(
            unpacked.resolve("main.js"),
            """
            require('http').createServer((request, answer) => answer.end(process.env.VERSION)).listen(3000)
            """);
        return unpacked;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /// To keep packages takes the engine longest, and only a deploy has steps that do.
    @Override
    public @Nullable String tree() {
      return kind.equals(DeployVersion.KIND) ? "a".repeat(64) : null;
    }

    @Override
    public List<String> commands(Blueprint.Run run) {
      return switch (run) {
        case MIGRATE -> List.of("echo " + APPLIED);
        case ROLLBACK -> List.of("echo " + REVERTED);
        case PRUNE -> List.of();
        default -> kind.equals(DeployVersion.KIND) ? preparing(run) : List.of();
      };
    }

    private List<String> preparing(Blueprint.Run run) {
      return switch (run) {
        case INSTALL -> List.of("mkdir -p node_modules && touch node_modules/installed");
        case SETUP -> List.of("test -e dbos-config.yaml");
        default -> List.of("test -e node_modules/installed");
      };
    }

    @Override
    public List<String> start() {
      return List.of("exec node main.js");
    }

    @Override
    public Duration healthyWithin() {
      return OperationKit.PATIENCE;
    }
  }

  // ---- The rig

  @Override
  public List<Operation<?, ?>> operations() {
    endProcess();
    var epochs = new SqlEpochs(database.transactions());
    DockerApplicationRuntime opened =
        installation.open(
            ports,
            it -> "org_one",
            subject -> {
              // Whoever acts asks first.
              acts.incrementAndGet();
              return epochs.current(subject);
            });
    runtime = opened;
    return deploys.operations(opened, new Answering());
  }

  @Override
  public long acts() {
    return acts.get();
  }

  private void endProcess() {
    if (runtime != null) {
      runtime.close();
      runtime = null;
    }
  }

  @Override
  public void prepare(OperationEngine engine) throws Exception {
    deploys.register();
    registered = true;
    first = deploys.addVersion();
    if (!kind.equals(DeployVersion.KIND)) {
      succeed(engine, deploys.deploy(first));
    }
    if (kind.equals(RollBackVersion.KIND)) {
      second = deploys.addVersion();
      succeed(engine, deploys.deploy(second));
    }
  }

  private static void succeed(OperationEngine engine, BeginRequest request) throws Exception {
    OperationView end =
        engine.awaitEnd(OperationKit.id(engine.begin(request)), OperationKit.PATIENCE);
    if (!end.succeeded()) {
      throw new AssertionError(end.toString());
    }
  }

  @Override
  public BeginRequest begin() {
    return switch (kind) {
      case DeployVersion.KIND -> deploys.deploy(first);
      case RollBackVersion.KIND -> deploys.rollBack(first);
      case DeleteApplication.KIND -> deploys.delete();
      default -> throw new IllegalArgumentException(kind);
    };
  }

  @Override
  public List<BeginRequest> others() {
    return List.of(deploys.delete());
  }

  @Override
  public Optional<BeginRequest> destroy() {
    return Optional.of(deploys.delete());
  }

  /// What the engine has of the application. Two containers of one version's folder would be two
  /// things, and whatever is not as the registers say is one that no ledger knows.
  @Override
  public SortedSet<String> reality() {
    SortedSet<String> things = new TreeSet<>();
    try {
      int folders = 0;
      List<String> running = new ArrayList<>();
      for (Listed container : installation.engine.containers(labels())) {
        if (!ExecutorContainers.EXECUTOR.equals(container.labels().get(VersionFolders.ROLE))) {
          things.add("directory " + folders++);
          continue;
        }
        running.add(container.labels().getOrDefault(ExecutorContainers.ID, ""));
        things.add("process " + running.size());
        things.add("port " + running.size() + " of the application");
        things.add("port " + running.size() + " of the admin server");
      }
      addFaults(things, running);
      return things;
    } catch (Exception failure) {
      throw new IllegalStateException(failure);
    }
  }

  private Map<String, String> labels() {
    return installation.names.of(Names.APPLICATION, deploys.application());
  }

  private void addFaults(SortedSet<String> things, List<String> running) throws Exception {
    List<Executor> known = deploys.executors().of(deploys.application());
    if (!Set.copyOf(running).equals(known.stream().map(Executor::id).collect(toSet()))) {
      things.add("executors %s where the registers have %s".formatted(running, known));
    }
    for (Executor executor : known) {
      if (executor.duty() != Executor.Duty.SERVING
          || !answer(executor).equals(executor.version())) {
        things.add(executor + " does not serve");
      }
    }
    Optional<Application> application = deploys.applications().byId(deploys.application());
    if (application.isPresent()) {
      Set<String> versions = known.stream().map(Executor::version).collect(toSet());
      if (!versions.equals(Stream.ofNullable(application.get().serving()).collect(toSet()))) {
        things.add("%s and executors of %s".formatted(application, versions));
      }
      if (!deploys.recordTellsTheSchema(application.get().instance())) {
        things.add("a record that is not true");
      }
    }
  }

  private static String answer(Executor executor) throws IOException, InterruptedException {
    return HTTP.send(
            HttpRequest.newBuilder(
                    URI.create("http://%s:%d/".formatted(executor.host(), executor.port())))
                .timeout(OperationKit.PATIENCE)
                .build(),
            BodyHandlers.ofString())
        .body();
  }

  // ---- What migrations have done

  /// The words of what is applied and not reverted.
  private List<String> schema(String instance) {
    List<String> words = new ArrayList<>();
    for (String version : List.of(first, second)) {
      if (written(version, Blueprint.Run.MIGRATE).size()
          > written(version, Blueprint.Run.ROLLBACK).size()) {
        words.add("v" + version);
      }
    }
    return words;
  }

  private List<String> written(String version, Blueprint.Run run) {
    if (version.isEmpty()) {
      return List.of();
    }
    try {
      return logs.tail(deploys.application(), version, run.word(), 100).stream()
          .map(LogLine::text)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Deletes the application, which leaves nothing, and looks at what its migrations had done.
  @Override
  public void close() throws Exception {
    try {
      if (registered) {
        List<String> applied = written(first, Blueprint.Run.MIGRATE);
        List<String> next = written(second, Blueprint.Run.MIGRATE);
        List<String> reverted = written(second, Blueprint.Run.ROLLBACK);
        try (OperationEngine engine =
            OperationKit.engine(database, operations(), "one", Interruptions.NONE)) {
          succeed(engine, deploys.delete());
        }
        assertThat(installation.onEngine(labels())).isEmpty();
        // A delete takes the logs along.
        boolean kept = !kind.equals(DeleteApplication.KIND);
        boolean rolledBack = kind.equals(RollBackVersion.KIND);
        assertThat(applied).isEqualTo(kept ? List.of(APPLIED) : List.of());
        assertThat(next).isEqualTo(rolledBack ? List.of(APPLIED) : List.of());
        assertThat(reverted).isEqualTo(rolledBack ? List.of(REVERTED) : List.of());
      }
    } finally {
      endProcess();
    }
  }
}
