package dev.slipway.deploy.driver.process;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.HostPorts;
import dev.slipway.common.driver.Locality;
import dev.slipway.common.driver.Trashed;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.process.FencedShell;
import dev.slipway.common.process.ProcessTable;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.CommandSpecification;
import dev.slipway.deploy.driver.ExecutorHealth;
import dev.slipway.deploy.driver.ExecutorObservation;
import dev.slipway.deploy.driver.ExecutorSpecification;
import dev.slipway.deploy.driver.Folders;
import dev.slipway.deploy.driver.RunText;
import dev.slipway.deploy.driver.RuntimeArguments;
import dev.slipway.deploy.driver.VersionReference;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Runs applications as processes of this machine, in the strongest [Isolation] it has.
///
/// ```text
/// root/
///   owner                    the installation all of this belongs to
///   .driver-…/               scripts of this version; applications may read them
///   .fences/app_…            claims and lock of each application; outlives it
///   .users/NUMBER            which application has this user number
///   app_…/                   owner, uid
///     versions/VERSION/      app/ (its own), app/.slipway/ca.pem (the platform's), tmp/ (its /tmp)
///                            and app/.slipway/trusted.pem, with the machine's own authorities
///     home/                  its home, with the caches of package managers
///     runs/VERSION.NAME/     what the supervisor of a run or an executor says
///     log/VERSION.NAME.log   and .log.1 to .log.4
///     trees/NAME/            kept packages; nobody else's, since whoever installs can change them
/// ```
///
/// **Environment.** To what the caller gives, the runtime adds `PATH`, `HOME`, `TMPDIR` and `LANG`
/// where they are absent, and `SLIPWAY_RUN`. For executors also `SLIPWAY_PORTS`, `SLIPWAY_BIND`,
/// `SLIPWAY_ADMIN_TOKEN`; `NODE_OPTIONS` and `PYTHONPATH` get the scripts that move ports, before
/// what the caller says there. The caller's own variables that begin with `SLIPWAY_` are left out.
/// Everything starts in the version's folder, where `.slipway/ca.pem` is the authority's
/// certificate; [#certificateAuthority] gives its absolute path.
///
/// **Network.** It is shared: [CommandSpecification#network] is not enforced here.
public final class ProcessApplicationRuntime implements ApplicationRuntime {

  private static final String HOST = "127.0.0.1";
  private static final int NOT_UNPACKED = 74;
  private static final int PORT_TAKEN = 76;
  private static final int UNSAFE_PATH = 77;
  private static final int PROCESSES = 2048;

  /// An install or a build is content with the time that everything that serves leaves.
  private static final String COMMAND_NICENESS = "10";

  private static final Pattern RUN = Pattern.compile("([0-9]{1,19})\\.([a-z][a-z0-9_-]{0,40})");
  private static final List<String> FILES =
      List.of(
          "fenced.sh",
          "supervise.sh",
          "sandbox.sh",
          "launch.sh",
          "preload.cjs",
          "sitecustomize.py");

  private final ProcessRuntimeSettings settings;
  private final Path root;
  private final Path scripts;
  private final Isolation isolation;
  private final String boot;
  private final InstantSource clock;
  private final HostPorts ports;
  private final FencedShell shell;
  private final ExecutorHealth health = new ExecutorHealth(false);

  private ProcessApplicationRuntime(
      ProcessRuntimeSettings settings,
      Path root,
      Path scripts,
      Isolation isolation,
      InstantSource clock)
      throws IOException {
    this.settings = settings;
    this.root = root;
    this.scripts = scripts;
    this.isolation = isolation;
    this.clock = clock;
    this.boot = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    this.ports = HostPorts.forPairs(HOST, settings.firstPort(), settings.lastPort());
    this.shell =
        new FencedShell(
            scripts.resolve("fenced.sh"),
            root,
            Map.of(
                "SLIPWAY_OWNER", settings.installation(),
                "SLIPWAY_SCRIPTS", scripts.toString(),
                "SLIPWAY_ISOLATION", isolation.fence().word(),
                "SLIPWAY_DROP", isolation.drop() ? "yes" : "",
                "SLIPWAY_TOOLS", Isolation.joined(isolation.tools()),
                "SLIPWAY_CA", text(settings.authority()),
                "SLIPWAY_MACHINE_CA", text(settings.machine())),
            "application",
            Map.of(
                NOT_UNPACKED,
                new FencedShell.Refusal("not-unpacked", "this version has no folder"),
                PORT_TAKEN,
                new FencedShell.Refusal(
                    "port-taken", "another program listens on the executor's port"),
                UNSAFE_PATH,
                new FencedShell.Refusal(
                    "unsafe-path", "a folder on the way to the file is a link")));
  }

  /// Opens the runtime on its folder, which may hold the applications of an earlier run.
  ///
  /// @throws IllegalStateException when processes cannot be supervised here, saying what to do
  ///     about it
  public static ProcessApplicationRuntime open(ProcessRuntimeSettings settings, InstantSource clock)
      throws IOException, InterruptedException {
    return open(settings, clock, Isolation::find);
  }

  /// The same in an isolation that somebody else decides on.
  static ProcessApplicationRuntime open(
      ProcessRuntimeSettings settings, InstantSource clock, Isolation.Search search)
      throws IOException, InterruptedException {
    Files.createDirectories(settings.root());
    Path root = settings.root().toRealPath();
    if (root.toString().contains("\n") || root.toString().contains(":")) {
      throw new IllegalStateException(
          "the folder for applications has a line break or a colon in its path");
    }
    // Others pass through to the one folder they are given, and cannot list what else there is.
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx--x--x"));
    claim(root, settings.installation());
    Path scripts = install(root);
    return new ProcessApplicationRuntime(
        settings, root, scripts, search.find(root, scripts, settings.trusted()), clock);
  }

  private static void claim(Path root, String installation) throws IOException {
    Path owner = root.resolve("owner");
    if (Files.exists(owner)) {
      String found = Files.readString(owner).strip();
      if (!found.equals(installation)) {
        throw new IllegalStateException(
            "%s belongs to another installation (%s, this one is %s)"
                .formatted(root, found, installation));
      }
    } else {
      replace(owner, installation + "\n");
    }
    for (String folder : List.of(".fences", ".users")) {
      Files.createDirectories(
          root.resolve(folder),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
  }

  private static Path install(Path root) throws IOException {
    var texts = new TreeMap<String, String>();
    for (String file : FILES) {
      texts.put(file, resource(file));
    }
    texts.put(FencedShell.LOCK, FencedShell.lockScript());
    Path scripts =
        root.resolve(".driver-" + Integer.toHexString(String.join("", texts.values()).hashCode()));
    Files.createDirectories(scripts);
    Files.setPosixFilePermissions(scripts, PosixFilePermissions.fromString("rwxr-xr-x"));
    for (Map.Entry<String, String> text : texts.entrySet()) {
      Path file = scripts.resolve(text.getKey());
      replace(file, text.getValue());
    }
    return scripts;
  }

  private static String resource(String file) throws IOException {
    try (@Nullable InputStream stream = ProcessApplicationRuntime.class.getResourceAsStream(file)) {
      if (stream == null) {
        throw new IOException("the resource " + file + " is missing");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void replace(Path file, String text) throws IOException {
    Path written = Files.createTempFile(file.getParent(), "." + file.getFileName(), ".new");
    Files.writeString(written, text);
    Files.setPosixFilePermissions(written, PosixFilePermissions.fromString("rw-r--r--"));
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public String name() {
    return "process";
  }

  @Override
  public Locality locality() {
    return new Locality.Host(settings.installation(), boot);
  }

  @Override
  public String isolation() {
    return isolation.words();
  }

  /// Absolute, the same inside the sandbox and outside of it.
  @Override
  public String certificateAuthority(VersionReference version) {
    return app(version).resolve(".slipway").resolve("ca.pem").toString();
  }

  /// Versions from before there was such a file have none, and go on without.
  @Override
  public String trustedCertificates(VersionReference version) {
    Path all = app(version).resolve(".slipway").resolve("trusted.pem");
    return Files.exists(all) ? all.toString() : certificateAuthority(version);
  }

  private static String text(@Nullable Path path) {
    return path == null ? "" : path.toAbsolutePath().toString();
  }

  private Path home(String application) {
    return root.resolve(VersionReference.requireApplication(application));
  }

  private Path folderOf(VersionReference version) {
    return home(version.application()).resolve("versions").resolve(version.version());
  }

  private Path app(VersionReference version) {
    return folderOf(version).resolve("app");
  }

  private RunFolder run(VersionReference version, String name) {
    return new RunFolder(
        home(version.application()).resolve("runs").resolve(version.version() + '.' + name), boot);
  }

  private List<String> act(
      String action, Fence fence, VersionReference version, Map<String, String> more)
      throws DriverFailure, InterruptedException {
    return act(action, fence, version, more, new byte[0]);
  }

  private List<String> act(
      String action, Fence fence, VersionReference version, Map<String, String> more, byte[] input)
      throws DriverFailure, InterruptedException {
    requireSubject(fence, version.application());
    var environment = new HashMap<>(more);
    environment.put("SLIPWAY_VERSION", version.version());
    return shell.run(action, fence, environment, input);
  }

  private static void requireSubject(Fence fence, String application) {
    if (!fence.subject().equals(application)) {
      throw new IllegalArgumentException("the fence is not this application's");
    }
  }

  @Override
  public void adopt(Fence fence, VersionReference version, Path unpacked)
      throws DriverFailure, InterruptedException {
    act("adopt", fence, version, Map.of("SLIPWAY_SOURCE", unpacked.toAbsolutePath().toString()));
  }

  @Override
  public Optional<String> read(VersionReference version, String path) throws DriverFailure {
    List<String> parts = RuntimeArguments.parts(path);
    if (!Files.isDirectory(app(version))) {
      throw new DriverFailure.Permanent("not-unpacked", "this version has no folder");
    }
    return VersionText.read(app(version), parts);
  }

  @Override
  public void write(Fence fence, VersionReference version, String path, String text)
      throws DriverFailure, InterruptedException {
    RuntimeArguments.parts(path);
    act("write", fence, version, Map.of("SLIPWAY_PATH", path), RuntimeArguments.bytes(text));
  }

  @Override
  public void begin(Fence fence, CommandSpecification command)
      throws DriverFailure, InterruptedException {
    requireSubject(fence, command.version().application());
    var variables = variables(command.version(), command.environment());
    Map<String, String> environment =
        supervision(
            command.name(), command.commands(), variables, command.secrets(), command.memoryMib());
    environment.put("SLIPWAY_NICE", COMMAND_NICENESS);
    act("begin", fence, command.version(), environment);
  }

  @Override
  public void start(Fence fence, ExecutorSpecification executor)
      throws DriverFailure, InterruptedException {
    requireSubject(fence, executor.version().application());
    var variables = variables(executor.version(), executor.environment());
    variables.put(
        "SLIPWAY_PORTS",
        "3000:%d,3001:%d".formatted(executor.endpoint().port(), executor.admin().port()));
    variables.put("SLIPWAY_BIND", HOST);
    variables.put("SLIPWAY_ADMIN_TOKEN", executor.adminToken());
    String preload =
        "--require \"%s\""
            .formatted(
                scripts
                    .resolve("preload.cjs")
                    .toString()
                    .replace("\\", "\\\\")
                    .replace("\"", "\\\""));
    variables.merge("NODE_OPTIONS", preload, (own, ours) -> ours + ' ' + own);
    variables.merge("PYTHONPATH", scripts.toString(), (own, ours) -> ours + ':' + own);
    var secrets = new HashSet<>(executor.secrets());
    secrets.add(executor.adminToken());
    Map<String, String> environment =
        supervision(
            executor.executor(), executor.start(), variables, secrets, executor.memoryMib());
    environment.put("SLIPWAY_NICE", "0");
    environment.put("SLIPWAY_LISTEN", executor.endpoint().port() + " " + executor.admin().port());
    environment.put("SLIPWAY_NAMED_ANEW", executor.adminHealth() ? "yes" : "");
    act("start", fence, executor.version(), environment);
  }

  /// The application's variables, checked: they travel through shells that only know such names.
  private Map<String, String> variables(VersionReference version, Map<String, String> environment)
      throws DriverFailure {
    var variables = new HashMap<String, String>();
    variables.put("PATH", isolation.path());
    variables.put("HOME", home(version.application()).resolve("home").toString());
    variables.put(
        "TMPDIR",
        isolation.fence() == Isolation.Fence.NAMESPACES
            ? "/tmp"
            : folderOf(version).resolve("tmp").toString());
    variables.put("LANG", "C.UTF-8");
    variables.putAll(RunText.variables(environment));
    return variables;
  }

  private Map<String, String> supervision(
      String name,
      List<String> commands,
      Map<String, String> variables,
      Set<String> secrets,
      int memoryMib)
      throws DriverFailure {
    if (isolation.fence() == Isolation.Fence.REFUSED) {
      throw new DriverFailure.Permanent("untrusted", isolation.words());
    }
    var environment = new HashMap<String, String>();
    environment.put("SLIPWAY_RUN", name);
    environment.put("SLIPWAY_MEMORY", memoryMib > 0 ? Integer.toString(memoryMib) : "");
    // Of an ordinary user it would count the platform's own processes too.
    environment.put("SLIPWAY_PROCESSES", isolation.drop() ? Integer.toString(PROCESSES) : "");
    environment.put("SLIPWAY_MASK", RunText.masked(secrets));
    RunText.requireCommands(commands);
    environment.put("SLIPWAY_COMMANDS", Integer.toString(commands.size()));
    int number = 0;
    for (String command : commands) {
      number++;
      environment.put("SLIPWAY_C_" + number, command);
    }
    variables.forEach((key, value) -> environment.put("SLIPWAY_E_" + key, value));
    return environment;
  }

  @Override
  public CommandRun look(VersionReference version, String name) throws DriverFailure {
    try {
      return run(version, CommandSpecification.requireName(name)).look();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private static DriverFailure unreadable(IOException cause) {
    return new DriverFailure.Transient(
        "unreadable", "the folder of applications cannot be read", cause);
  }

  @Override
  public List<String> tail(VersionReference version, String name, int lines) throws DriverFailure {
    Path log =
        home(version.application())
            .resolve("log")
            .resolve(version.version() + '.' + CommandSpecification.requireName(name) + ".log");
    try {
      return run(version, name).tail(log, lines);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  @Override
  public void clear(Fence fence, VersionReference version, String name)
      throws DriverFailure, InterruptedException {
    act("clear", fence, version, Map.of("SLIPWAY_RUN", CommandSpecification.requireName(name)));
  }

  @Override
  public void clear(Fence fence, VersionReference version, Collection<String> names)
      throws DriverFailure, InterruptedException {
    var words = new ArrayList<String>();
    for (String name : names) {
      words.add(CommandSpecification.requireName(name));
    }
    act("clear_all", fence, version, Map.of("SLIPWAY_RUNS", String.join(" ", words)));
  }

  @Override
  public boolean useTree(Fence fence, VersionReference version, String tree)
      throws DriverFailure, InterruptedException {
    return act(
            "use_tree", fence, version, Map.of("SLIPWAY_TREE", RuntimeArguments.requireTree(tree)))
        .contains("used");
  }

  @Override
  public void keepTree(Fence fence, VersionReference version, String tree)
      throws DriverFailure, InterruptedException {
    act("keep_tree", fence, version, Map.of("SLIPWAY_TREE", RuntimeArguments.requireTree(tree)));
  }

  /// A tree that is being linked meanwhile fails that act, which is tried again and finds none.
  @Override
  public void forgetTrees(Collection<String> needed) throws DriverFailure, InterruptedException {
    Set<String> kept = Set.copyOf(needed);
    try (DirectoryStream<Path> applications = Files.newDirectoryStream(root, "app_*")) {
      for (Path application : applications) {
        Path trees = application.resolve("trees");
        if (!Files.isDirectory(trees)) {
          continue;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(trees)) {
          for (Path tree : entries) {
            String name = tree.getFileName().toString();
            if (name.startsWith(".forgotten-")) {
              Folders.remove(tree);
            } else if (!name.startsWith(".") && !kept.contains(name)) {
              Path forgotten = trees.resolve(".forgotten-" + name);
              Files.move(tree, forgotten, StandardCopyOption.ATOMIC_MOVE);
              Folders.remove(forgotten);
            }
          }
        }
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  @Override
  public Stream<Endpoint> freeEndpoints(String executor) {
    return ports.free();
  }

  @Override
  public Resource folder(VersionReference version) {
    return new Resource("directory", version.application() + '/' + version.version());
  }

  @Override
  public List<Resource> footprint(ExecutorSpecification executor) {
    return List.of(
        new Resource("port", executor.endpoint().toString()),
        new Resource("port", executor.admin().toString()),
        process(executor.executor()));
  }

  private static Resource process(String executor) {
    return new Resource("process", executor);
  }

  @Override
  public ExecutorObservation observe(ExecutorSpecification executor) throws InterruptedException {
    Instant now = clock.instant();
    RunFolder run = run(executor.version(), executor.executor());
    try {
      RunFolder.State state = run.state();
      int restarts = state == null ? 0 : state.restarts();
      if (!run.supervised()) {
        return new ExecutorObservation(
            ExecutorObservation.State.GONE, "it does not run", null, restarts, now);
      }
      if (state != null && !state.running()) {
        return new ExecutorObservation(
            ExecutorObservation.State.RESTARTING,
            "it ended with status %d and is started again".formatted(state.status()),
            null,
            restarts,
            now);
      }
      String silence = health.silence(executor);
      return new ExecutorObservation(
          silence == null ? ExecutorObservation.State.HEALTHY : ExecutorObservation.State.SILENT,
          silence,
          state == null ? null : name(executor, state),
          restarts,
          now);
    } catch (IOException e) {
      return new ExecutorObservation(
          ExecutorObservation.State.SILENT, "its folder cannot be read", null, 0, now);
    }
  }

  private static String name(ExecutorSpecification executor, RunFolder.State state) {
    return executor.adminHealth()
        ? executor.executor() + "." + state.since() + "." + state.restarts()
        : executor.executor();
  }

  @Override
  public void stop(Fence fence, VersionReference version, String executor, Duration grace)
      throws DriverFailure, InterruptedException {
    act(
        "stop",
        fence,
        version,
        Map.of(
            "SLIPWAY_RUN",
            ExecutorSpecification.requireExecutor(executor),
            "SLIPWAY_GRACE",
            Long.toString(Math.max(0, grace.toMillis() / 10))));
  }

  @Override
  public void discard(Fence fence, VersionReference version)
      throws DriverFailure, InterruptedException {
    act("discard", fence, version, Map.of());
  }

  @Override
  public Gone destroy(Fence fence, String application, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    requireSubject(fence, VersionReference.requireApplication(application));
    var resources = new LinkedHashSet<Resource>(expected);
    inventory().stream()
        .filter(found -> found.subject().equals(application))
        .map(Found::resource)
        .forEach(resources::add);
    shell.run("destroy", fence, Map.of(), new byte[0]);
    resources.add(new Resource("directory", application));
    Set<String> living = living().getOrDefault(application, Set.of());
    if (!living.isEmpty()) {
      throw survivor();
    }
    return proveGone(application, resources);
  }

  @Override
  public Trashed moveToTrash(String application, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    var resources = new LinkedHashSet<Resource>(expected);
    inventory().stream()
        .filter(found -> found.subject().equals(VersionReference.requireApplication(application)))
        .map(Found::resource)
        .forEach(resources::add);
    List<String> results = shell.runUnderHighestEpoch("trash", application);
    resources.add(new Resource("directory", application));
    if (!living().getOrDefault(application, Set.of()).isEmpty()) {
      throw survivor();
    }
    return new Trashed(FencedShell.trash(results), proveGone(application, resources));
  }

  /// The shell has looked, too; but its word alone is not a proof.
  @Override
  public Gone proveGone(String application, Collection<Resource> things) throws DriverFailure {
    Set<String> living = living().getOrDefault(application, Set.of());
    var proofs = new HashMap<Resource, String>();
    for (Resource thing : things) {
      proofs.put(thing, proof(thing, application, living));
    }
    return new Gone(proofs);
  }

  private String proof(Resource resource, String application, Set<String> living)
      throws DriverFailure {
    return switch (resource.kind()) {
      case "directory" -> {
        // What cannot be looked at is not gone, and a link that leads nowhere is something.
        if (!Files.notExists(folder(resource, application), LinkOption.NOFOLLOW_LINKS)) {
          throw new DriverFailure.Transient("directory-remains", "the folder is still there");
        }
        yield "no such folder";
      }
      case "process" -> {
        String run = resource.name().substring(resource.name().indexOf('/') + 1);
        if (living.stream().anyMatch(alive -> alive.equals(run) || alive.endsWith('.' + run))) {
          throw survivor();
        }
        yield "no process of this machine is of its run";
      }
      case "port" -> {
        yield ports.isFree(HostPorts.portOf(resource.name()))
            ? "nothing listens there: it could be bound"
            : "no process of its executor is left; what listens there is not the platform's";
      }
      default ->
          throw new DriverFailure.Permanent(
              "resource-unknown", "this runtime does not make a " + resource.kind());
    };
  }

  private static DriverFailure survivor() {
    return new DriverFailure.Transient(
        "process-survives", "a process of this application does not end");
  }

  /// The folder of a version, or the application's own.
  private Path folder(Resource directory, String application) {
    String name = directory.name();
    return name.equals(application)
        ? home(application)
        : folderOf(new VersionReference(application, name.substring(name.indexOf('/') + 1)));
  }

  /// An application of which no version is left still has its logs: then its own folder is listed.
  /// A command that runs is part of its version's folder and has no entry of its own, unless that
  /// is gone.
  @Override
  public List<Found> inventory() throws DriverFailure {
    var found = new ArrayList<Found>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(root, "app_*")) {
      for (Path entry : entries) {
        String application = entry.getFileName().toString();
        if (isApplication(application) && isOurs(entry)) {
          found.addAll(folders(entry, application));
        }
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    living()
        .forEach(
            (application, runs) -> {
              for (String run : runs) {
                Matcher matcher = RUN.matcher(run);
                if (!matcher.matches()) {
                  continue;
                }
                var version = new VersionReference(application, matcher.group(1));
                if (matcher.group(2).startsWith("exe_")) {
                  found.add(new Found(application, process(matcher.group(2)), "processes"));
                } else if (!Files.isDirectory(folderOf(version))) {
                  found.add(
                      new Found(
                          application, process(application + '/' + run), "processes of a command"));
                }
              }
            });
    return List.copyOf(found);
  }

  private List<Found> folders(Path home, String application) throws IOException {
    var found = new ArrayList<Found>();
    Path versions = home.resolve("versions");
    if (Files.isDirectory(versions)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(versions, "[0-9]*")) {
        for (Path entry : entries) {
          found.add(
              new Found(
                  application,
                  folder(new VersionReference(application, entry.getFileName().toString())),
                  "folder"));
        }
      }
    }
    if (found.isEmpty()) {
      found.add(new Found(application, new Resource("directory", application), "folder with logs"));
    }
    return found;
  }

  private static boolean isApplication(String name) {
    try {
      VersionReference.requireApplication(name);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /// All of the root is this installation's; a folder somebody brought from elsewhere says so
  /// itself.
  private boolean isOurs(Path folder) throws IOException {
    Path owner = folder.resolve("owner");
    if (!Files.exists(owner)) {
      return true;
    }
    String found = Files.readString(owner).strip();
    return found.isEmpty() || found.equals(settings.installation());
  }

  /// Runs and executors of each application that have a living process, by `VERSION.NAME`; known by
  /// the command lines of our own processes, which applications cannot change.
  private Map<String, Set<String>> living() throws DriverFailure {
    var living = new TreeMap<String, Set<String>>();
    String prefix = root + "/app_";
    try {
      for (long pid : ProcessTable.all()) {
        for (String word : commandLine(pid)) {
          if (!word.startsWith(prefix)) {
            continue;
          }
          String[] parts = word.substring(root.toString().length() + 1).split("/", -1);
          if (parts.length == 3 && parts[1].equals("runs") && isApplication(parts[0])) {
            living.computeIfAbsent(parts[0], key -> new LinkedHashSet<>()).add(parts[2]);
          }
        }
      }
    } catch (IOException e) {
      throw new DriverFailure.Transient("unreadable", "the process table cannot be read", e);
    }
    return living;
  }

  private static List<String> commandLine(long pid) {
    try {
      return List.of(
          Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1)
              .split("\0", -1));
    } catch (IOException e) {
      // It has ended.
      return List.of();
    }
  }
}
