package dev.slipway.deploy.operation;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.outbox.Outbox;
import dev.slipway.common.reconcile.Books;
import dev.slipway.common.reconcile.SqlBooks;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.Archives;
import dev.slipway.deploy.domain.Bindings;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.DatabaseAccesses;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.domain.Language;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.Routes;
import dev.slipway.deploy.domain.SchemaRecord;
import dev.slipway.deploy.domain.SchemaRecords;
import dev.slipway.deploy.domain.Versions;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.CommandSpecification;
import dev.slipway.deploy.driver.FakeApplicationRuntime;
import dev.slipway.deploy.driver.VersionReference;
import dev.slipway.deploy.persistence.ApplicationTable;
import dev.slipway.deploy.persistence.DatabaseAccessTable;
import dev.slipway.deploy.persistence.ExecutorTable;
import dev.slipway.deploy.persistence.SchemaRecordTable;
import dev.slipway.deploy.persistence.SecretTable;
import dev.slipway.deploy.persistence.VersionTable;
import dev.slipway.deploy.routing.ToldRoutes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// One application in a reality of its own, with the service's real registers.
///
/// A migration adds a word to the schema of the instance it runs on, `v` and the version; undoing
/// it takes the word away. Both are run by the fake runtime, and their commands say what they come
/// to; another runtime runs a [Program].
public final class DeployStage {

  /// What is deployed.
  public interface Program {

    /// Unpacks the archive of a version.
    Path unpack(VersionReference version);

    /// What names its packages; absent where none are kept.
    @Nullable String tree();

    /// The commands of a run. `VERSION` in their environment, as in that of executors, is the
    /// version.
    List<String> commands(Blueprint.Run run);

    /// The commands that start an executor.
    List<String> start();

    /// How long a new executor may take until it is healthy.
    Duration healthyWithin();
  }

  /// More than a look apart, and short enough to wait for.
  static final Duration HEALTHY_WITHIN = Duration.ofSeconds(2);

  static final int CRASHES = 3;

  /// What is not done where a Dockerfile does it.
  private static final Set<Blueprint.Run> OF_DOCKERFILES =
      Set.of(Blueprint.Run.INSTALL, Blueprint.Run.SETUP, Blueprint.Run.BUILD, Blueprint.Run.PRUNE);

  private static final String CONFIGURATION = "dbos-config.yaml";

  private static final InstallationKeys KEYS = keys();

  final String application = Identifiers.next("app");
  final String name = "shop-" + application.substring(22);
  final String main = Identifiers.next("ins");
  final String other = Identifiers.next("ins");
  final FakeApplicationRuntime.Reality reality = new FakeApplicationRuntime.Reality();
  final FakeApplicationRuntime runtime;
  final FakeSchemas schemas = new FakeSchemas();
  final Map<String, String> bound = new ConcurrentHashMap<>();

  /// For whom nothing is bound any more.
  private final Set<String> releasedForGood = ConcurrentHashMap.newKeySet();

  /// What versions that are read from now on start with.
  volatile List<String> start = List.of("serve");

  /// What commands of a run come to instead of ending well, by version and run.
  final Map<String, CommandRun> comesTo = new ConcurrentHashMap<>();

  /// Versions whose migrations change something before they fail.
  final Set<String> halfway = ConcurrentHashMap.newKeySet();

  /// Versions whose migrations change nothing.
  final Set<String> unchanging = ConcurrentHashMap.newKeySet();

  /// What configurations name the database of an application.
  final Map<String, String> names = new ConcurrentHashMap<>();

  /// Whose migrations a version's roll-back commands undo, when not its own.
  final Map<String, String> undoes = new ConcurrentHashMap<>();

  private volatile boolean sdk;

  /// Whether versions that are read from now on have a Dockerfile of their own.
  volatile boolean dockerfile;

  final Applications applications;
  final Versions versions;
  final SchemaRecords records;
  final Executors executors;
  final DatabaseAccesses accesses;
  private final Books books;
  final Routes routes;
  private final SecretTable secrets;

  public DeployStage(KernelDatabase database, int firstPort) {
    books =
        new SqlBooks(
            database.transactions(),
            "application",
            RegisterApplication.KIND,
            DeleteApplication.KIND);
    runtime = new FakeApplicationRuntime(reality, InstantSource.system(), firstPort);
    applications = new ApplicationTable(database.transactions());
    versions = new VersionTable(database.transactions());
    records = new SchemaRecordTable(database.transactions());
    executors = new ExecutorTable(database.transactions());
    accesses = new DatabaseAccessTable(database.transactions());
    secrets = new SecretTable(database.transactions());
    routes =
        new ToldRoutes(database.transactions(), new Outbox("deploy-service", Clock.systemUTC()));
    runtime.runsAs(this::run);
  }

  private static InstallationKeys keys() {
    try {
      return InstallationKeys.open(Files.createTempDirectory("keys"));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  static String unsealed(String application, String instance, String sealed) {
    return new String(
        KEYS.decrypt(
            Base64.getDecoder().decode(sealed), DatabaseAccess.purpose(application, instance)),
        StandardCharsets.UTF_8);
  }

  /// Registered, as if by an operation that ended long ago.
  public void register() {
    bound.put(application + ' ' + main, main);
    add(application, name, "shop");
  }

  /// Registers another application on the same instance.
  void addNeighbour(String database) {
    add(Identifiers.next("app"), "neighbour", database);
  }

  private void add(String id, String itsName, String database) {
    applications.add(
        new Application(
            id,
            "org_one",
            "acme",
            itsName,
            Language.NODE,
            main,
            "main",
            database,
            512,
            1,
            null,
            0,
            "dop_sample",
            "demo",
            Instant.now()));
  }

  public String addVersion() {
    return versions.add(application, "archive", "dop_sample", "demo").id();
  }

  /// What is applied in the application's database on an instance.
  SchemaRecord record(String instance) {
    return records.at(application, instance);
  }

  /// Whether the record of an instance has what is applied there, and nothing else.
  public boolean recordTellsTheSchema(String instance) {
    SchemaRecord record = record(instance);
    return schemas
        .at(instance)
        .equals(
            record.versions().stream()
                .filter(record::mayHaveChanged)
                .map(version -> "v" + version)
                .sorted()
                .toList());
  }

  /// The versions that are applied in the application's database.
  List<String> schemaAt() {
    return record(now().instance()).versions();
  }

  Application now() {
    return applications.byId(application).orElseThrow();
  }

  public BeginRequest request(String kind, Record input) {
    return BeginRequest.of(kind, application, name, "org_one", "demo", input, null);
  }

  public BeginRequest deploy(String version) {
    return request(
        DeployVersion.KIND,
        new DeployVersion.Input(name, version, DeployVersion.Mode.DEPLOY, false, false));
  }

  public BeginRequest rollBack(String version) {
    return request(RollBackVersion.KIND, new RollBackVersion.Input(name, version));
  }

  public BeginRequest delete() {
    return request(DeleteApplication.KIND, new DeleteApplication.Input(name, true));
  }

  public String application() {
    return application;
  }

  public FakeApplicationRuntime runtime() {
    return runtime;
  }

  public FakeApplicationRuntime.Reality reality() {
    return reality;
  }

  public FakeSchemas schemas() {
    return schemas;
  }

  public Applications applications() {
    return applications;
  }

  public Versions versions() {
    return versions;
  }

  public Executors executors() {
    return executors;
  }

  public DatabaseAccesses accesses() {
    return accesses;
  }

  public Specifications specifications() {
    return new Specifications(runtime, new FakeBlueprint(new FakeProgram()), KEYS);
  }

  /// Versions that are read from now on have the SDK, and an admin port with it.
  public void withSdk() {
    sdk = true;
  }

  public Recovery recovery() {
    var specifications = specifications();
    return new Recovery(
        runtime,
        specifications,
        versions,
        executors,
        accesses,
        schemas,
        new AdminPort(specifications));
  }

  // ---- What runs

  private FakeApplicationRuntime.Came run(CommandSpecification command) {
    String version = command.version().version();
    String instance = configuredFor(command.version());
    CommandRun came =
        comesTo.getOrDefault(version + ' ' + command.name(), new CommandRun.Exited(0));
    if (command.name().equals("migrate") && schemas.refuses(instance, "v" + version)) {
      return new FakeApplicationRuntime.Came(new CommandRun.Exited(1), List.of());
    }
    boolean acts =
        halfway.contains(version) || (came instanceof CommandRun.Exited(int status) && status == 0);
    if (acts && !unchanging.contains(version)) {
      switch (command.name()) {
        case "migrate" -> schemas.apply(instance, "v" + version);
        case "rollback" -> schemas.revert(instance, "v" + undoes.getOrDefault(version, version));
        default -> {}
      }
    }
    return new FakeApplicationRuntime.Came(came, List.of());
  }

  /// Commands act on the database that the configuration in their folder names, as those of older
  /// SDKs do, whatever their environment says.
  private String configuredFor(VersionReference version) {
    try {
      return runtime.read(version, CONFIGURATION).orElse(main);
    } catch (DriverFailure failure) {
      throw new IllegalStateException(failure);
    }
  }

  /// What exists, without names that differ from case to case. Whether an executor runs that is
  /// meant to is not part of it.
  ///
  /// @param kept versions whose folders count as there: what has begun to remove them ends it
  SortedSet<String> things(List<String> kept) {
    SortedSet<String> things = new TreeSet<>();
    Set<String> folders = new TreeSet<>(kept);
    reality.versions().forEach(version -> folders.add(version.version()));
    for (int i = 0; i < folders.size(); i++) {
      things.add("directory " + i);
    }
    Set<String> running = new TreeSet<>(reality.executors());
    executors.of(application).forEach(executor -> running.add(executor.id()));
    for (int i = 0; i < running.size(); i++) {
      things.add("process " + i);
      things.add("port " + i + " of the application");
      things.add("port " + i + " of the admin server");
    }
    Set<String> uses =
        applications.byId(application).map(Application::instance).map(Set::of).orElseGet(Set::of);
    // Bindings are in no ledger, so that only a wrong one is something.
    for (String instance : List.of(main, other)) {
      if (bound.containsKey(application + ' ' + instance) != uses.contains(instance)) {
        things.add("a binding that is not as it should be");
      }
    }
    return things;
  }

  // ---- The operations

  public List<Operation<?, ?>> operations() {
    return operations(runtime, new FakeProgram());
  }

  /// On another runtime than the fake one.
  public List<Operation<?, ?>> operations(ApplicationRuntime runtime, Program program) {
    var blueprint = new FakeBlueprint(program);
    var specifications = new Specifications(runtime, blueprint, KEYS);
    var candidates = new Candidates(applications, versions, accesses);
    var runs = new Runs(runtime, blueprint, specifications);
    var archives = new FakeArchives(program);
    var workspace = new Workspace(archives, runtime, blueprint, runs, versions, executors);
    var bindings = new FakeBindings();
    var databases = new Databases(applications, bindings, accesses, KEYS, runtime);
    var migrations = new Migrations(runtime, schemas, accesses, records, blueprint, runs);
    var serving =
        new Serving(
            runtime,
            specifications,
            applications,
            versions,
            executors,
            routes,
            schemas,
            accesses,
            new AdminPort(specifications),
            program.healthyWithin(),
            CRASHES);
    return List.of(
        new RegisterApplication(applications, bindings, databases),
        new DeployVersion(candidates, workspace, databases, migrations, serving),
        new RollBackVersion(candidates, workspace, migrations, serving),
        new ChangeInstance(
            candidates,
            workspace,
            bindings,
            databases,
            accesses,
            migrations,
            serving,
            applications),
        new DeleteApplication(
            runtime,
            archives,
            bindings,
            databases,
            applications,
            versions,
            executors,
            secrets,
            routes),
        new DrainExecutors(candidates, executors, serving),
        new RestoreExecutors(candidates, executors, runtime, specifications),
        new StopExecutors(executors, runtime),
        new PruneVersions(candidates, records, versions, executors, runtime),
        new SweepApplication(runtime, books));
  }

  private final class FakeProgram implements Program {
    @Override
    public Path unpack(VersionReference version) {
      Path folder = Path.of("unpacked", version.application(), version.version());
      reality.offer(folder, Map.of("package.json", "{}"));
      return folder;
    }

    @Override
    public String tree() {
      return "a".repeat(64);
    }

    @Override
    public List<String> commands(Blueprint.Run run) {
      return List.of(run.word());
    }

    @Override
    public List<String> start() {
      return start;
    }

    @Override
    public Duration healthyWithin() {
      return HEALTHY_WITHIN;
    }
  }

  private record FakeArchives(Program program) implements Archives {
    @Override
    public Path unpack(String archive, String owner, String version) {
      return program.unpack(new VersionReference(owner, version));
    }

    @Override
    public void discard(String owner, String version) {}
  }

  private final class FakeBindings implements Bindings {
    @Override
    public Bound bind(String organization, String instanceName, String owner, String ownerName)
        throws DriverFailure {
      String instance =
          switch (instanceName) {
            case "main" -> main;
            case "other" -> other;
            default ->
                throw new DriverFailure.Permanent(
                    "instance-not-found", "database %s not found".formatted(instanceName));
          };
      synchronized (releasedForGood) {
        if (releasedForGood.contains(owner)) {
          throw new DriverFailure.Permanent(
              "application-not-found", "application %s is deleted".formatted(ownerName));
        }
        bound.put(owner + ' ' + instance, instance);
      }
      return new Bound(instance, instanceName, "localhost", 5432, false);
    }

    @Override
    public void release(String instance, String owner) {
      bound.remove(owner + ' ' + instance);
    }

    @Override
    public void releaseForGood(String owner) {
      synchronized (releasedForGood) {
        releasedForGood.add(owner);
        bound.keySet().removeIf(binding -> binding.startsWith(owner + ' '));
      }
    }
  }

  private final class FakeBlueprint implements Blueprint {
    private final Program program;

    private FakeBlueprint(Program program) {
      this.program = program;
    }

    @Override
    public Manifest read(Application application, Blueprint.Files files, boolean builds)
        throws DriverFailure {
      Optional<String> description = files.read("package.json");
      if (description.isEmpty()) {
        throw new DriverFailure.Permanent("bad-manifest", "There is no package.json");
      }
      return new Manifest(
          Language.NODE,
          dockerfile ? Manifest.PackageManager.DOCKERFILE : Manifest.PackageManager.NPM_LOCKED,
          dockerfile ? null : program.tree(),
          true,
          null,
          List.of("setup"),
          true,
          List.of("migrate"),
          List.of("rollback"),
          program.start(),
          names.get(application.id()),
          Map.of(),
          sdk);
    }

    @Override
    public List<String> start(Manifest manifest) {
      return manifest.start();
    }

    @Override
    public Map<String, String> configuration(Surroundings surroundings, Blueprint.Files files) {
      return Map.of(CONFIGURATION, surroundings.access().instance());
    }

    @Override
    public List<String> commands(Run run, Manifest manifest) {
      return manifest.hasDockerfile() && OF_DOCKERFILES.contains(run)
          ? List.of()
          : program.commands(run);
    }

    @Override
    public Environment environment(Surroundings surroundings) {
      return new Environment(Map.of("VERSION", surroundings.version()), Set.of());
    }
  }
}
