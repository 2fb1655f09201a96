package dev.slipway.deploy.driver;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.Locality;
import dev.slipway.common.driver.Trashed;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Keeps the contract of applications' runtimes in memory, fencing included.
///
/// What it made lives in a [Reality], which outlives the runtime as processes outlive the service.
/// A [CrashPoint] is called before and after every act: it throws, or blocks like a suspended
/// process; an act that was overtaken meanwhile does nothing when it goes on.
///
/// A run comes to whatever [#runsAs] says. Unless told, it understands `echo TEXT`, `exit STATUS`
/// and `sleep TIME`, which goes on until [Reality#finish]; any other command succeeds. An executor
/// whose commands `exit` is restarting, one that sleeps is silent, any other is healthy, until
/// [Reality#becomes] says otherwise.
public final class FakeApplicationRuntime implements ApplicationRuntime {

  /// Where in an act the crash point is called.
  public enum Moment {
    BEFORE,
    AFTER
  }

  /// Called around every act; throwing an unchecked exception is a crash of the caller.
  @FunctionalInterface
  public interface CrashPoint {
    void reached(String act, Fence fence, Moment moment) throws DriverFailure, InterruptedException;
  }

  /// What exists outside of any runtime object. Guarded by itself.
  public static final class Reality {
    private final Map<VersionReference, Folder> folders = new LinkedHashMap<>();
    private final Map<String, Executing> executors = new TreeMap<>();
    private final Map<Path, Map<String, String>> offered = new HashMap<>();
    private final Set<String> trees = new TreeSet<>();
    private final Set<Endpoint> strangers = new HashSet<>();
    private final List<String> begun = new ArrayList<>();
    private final Map<String, Long> highest = new HashMap<>();
    private final Map<String, Holder> holders = new HashMap<>();

    /// Makes a path pass for an unpacked archive with these texts, without touching a disk.
    public synchronized void offer(Path unpacked, Map<String, String> files) {
      offered.put(unpacked, Map.copyOf(files));
    }

    /// Whether such an offer has not been taken over yet.
    public synchronized boolean offers(Path unpacked) {
      return offered.containsKey(unpacked);
    }

    /// Every version that has a folder.
    public synchronized Set<VersionReference> versions() {
      return Set.copyOf(folders.keySet());
    }

    /// Every executor that was started and not stopped, whatever its state.
    public synchronized Set<String> executors() {
      return Set.copyOf(executors.keySet());
    }

    public synchronized Optional<ExecutorSpecification> specification(String executor) {
      return Optional.ofNullable(executors.get(executor)).map(running -> running.specification);
    }

    public synchronized Set<String> trees() {
      return Set.copyOf(trees);
    }

    /// The tree whose packages a version uses, absent when it has none that is kept.
    public synchronized Optional<String> treeOf(VersionReference version) {
      return Optional.ofNullable(folders.get(version)).map(folder -> folder.tree);
    }

    /// Whether a version's folder is what its own Dockerfile made.
    public synchronized boolean isBuilt(VersionReference version) {
      Folder folder = folders.get(version);
      return folder != null && folder.built;
    }

    /// Every run that was really begun, in order, as `VERSION NAME`.
    public synchronized List<String> begun() {
      return List.copyOf(begun);
    }

    /// Ends a run that goes on.
    public synchronized void finish(VersionReference version, String name, int status) {
      run(version, name).state = new CommandRun.Exited(status);
    }

    /// A run is lost with its supervisor.
    public synchronized void vanish(VersionReference version, String name) {
      run(version, name).state = new CommandRun.Vanished();
    }

    /// What an executor is found as from now on; [ExecutorObservation.State#GONE] kills it and its
    /// supervisor.
    public synchronized void becomes(String executor, ExecutorObservation.State state) {
      if (state == ExecutorObservation.State.GONE) {
        executors.remove(executor);
        return;
      }
      Executing running = executors.get(executor);
      if (running == null) {
        throw new IllegalStateException(executor + " was not started");
      }
      running.state = state;
    }

    /// The machine restarts: nothing runs any more, files are there as before.
    public synchronized void restartMachine() {
      executors.clear();
      for (Folder folder : folders.values()) {
        for (Run run : folder.runs.values()) {
          if (run.state instanceof CommandRun.Running) {
            run.state = new CommandRun.Vanished();
          }
        }
      }
    }

    /// Somebody else listens there from now on.
    public synchronized void occupy(Endpoint endpoint) {
      strangers.add(endpoint);
    }

    /// The highest epoch under which anybody acted on an application, 0 when nobody did.
    public synchronized long highestEpoch(String application) {
      return highest.getOrDefault(application, 0L);
    }

    private Run run(VersionReference version, String name) {
      Folder folder = folders.get(version);
      Run run = folder == null ? null : folder.runs.get(name);
      if (run == null) {
        throw new IllegalStateException("no run " + name + " was begun");
      }
      return run;
    }

    private boolean taken(Endpoint endpoint) {
      return strangers.contains(endpoint)
          || executors.values().stream()
              .map(running -> running.specification)
              .anyMatch(
                  specification ->
                      endpoint.equals(specification.endpoint())
                          || endpoint.equals(specification.admin()));
    }
  }

  /// What a run wrote and how it stands.
  public record Came(CommandRun run, List<String> output) {
    public Came {
      output = List.copyOf(output);
    }
  }

  private static final class Folder {
    private final Map<String, String> files;
    private final Map<String, Run> runs = new TreeMap<>();
    private final Map<String, List<String>> output = new HashMap<>();
    private @Nullable String tree;
    private boolean built;

    private Folder(Map<String, String> files) {
      this.files = new HashMap<>(files);
    }
  }

  private static final class Run {
    private CommandRun state;

    private Run(CommandRun state) {
      this.state = state;
    }
  }

  private static final class Executing {
    private final ExecutorSpecification specification;
    private ExecutorObservation.State state;

    /// One that ends is started again between any two looks.
    private int restarts;

    private Executing(ExecutorSpecification specification, ExecutorObservation.State state) {
      this.specification = specification;
      this.state = state;
    }
  }

  private static final class Holder {
    private final long epoch;
    private boolean overtaken;

    private Holder(long epoch) {
      this.epoch = epoch;
    }
  }

  private interface Change {
    void make() throws DriverFailure;
  }

  private static final int FIRST_PORT = 1001;
  private static final int PORTS = 400;
  private static final int LONGEST_TEXT = 4 * 1024 * 1024;

  private final Reality reality;
  private final InstantSource clock;
  private final int firstPort;
  private volatile CrashPoint crashPoint = (act, fence, moment) -> {};
  private volatile Function<CommandSpecification, Came> programs =
      command -> interpreted(command.commands(), command.secrets());

  public FakeApplicationRuntime() {
    this(new Reality(), InstantSource.system());
  }

  public FakeApplicationRuntime(Reality reality, InstantSource clock) {
    this(reality, clock, FIRST_PORT);
  }

  /// @param firstPort of those it offers, so that several can share one ledger
  public FakeApplicationRuntime(Reality reality, InstantSource clock, int firstPort) {
    this.reality = reality;
    this.clock = clock;
    this.firstPort = firstPort;
  }

  public Reality reality() {
    return reality;
  }

  public void crashAt(CrashPoint point) {
    this.crashPoint = point;
  }

  /// Decides what every run comes to, called once when it is begun.
  public void runsAs(Function<CommandSpecification, Came> decision) {
    this.programs = decision;
  }

  /// What [#runsAs] replaces.
  public static Came interpreted(List<String> commands, Set<String> secrets) {
    var output = new ArrayList<String>();
    for (String command : commands) {
      String[] words = command.split(" ", 2);
      switch (words[0]) {
        case "echo" -> output.add(masked(words[1], secrets));
        case "sleep" -> {
          return new Came(new CommandRun.Running(output.size()), output);
        }
        case "exit" -> {
          return new Came(new CommandRun.Exited(Integer.parseInt(words[1])), output);
        }
        default -> {}
      }
    }
    return new Came(new CommandRun.Exited(0), output);
  }

  private static String masked(String line, Set<String> secrets) {
    String masked = line;
    for (String secret : secrets) {
      masked = masked.replace(secret, "***");
    }
    return masked;
  }

  @Override
  public String name() {
    return "fake";
  }

  @Override
  public Locality locality() {
    return new Locality.AnyReplica();
  }

  @Override
  public String isolation() {
    return "applications exist in memory only";
  }

  @Override
  public void adopt(Fence fence, VersionReference version, Path unpacked)
      throws DriverFailure, InterruptedException {
    act(
        "adopt",
        fence,
        version.application(),
        () -> {
          Folder there = reality.folders.get(version);
          if (there == null || there.built) {
            Map<String, String> offer = reality.offered.get(unpacked);
            if (offer == null && !Files.isDirectory(unpacked)) {
              throw notUnpacked();
            }
            reality.folders.put(version, new Folder(offer == null ? texts(unpacked) : offer));
          }
          reality.offered.remove(unpacked);
          remove(unpacked);
        });
  }

  private static Map<String, String> texts(Path folder) {
    var texts = new HashMap<String, String>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        texts.put(folder.relativize(file).toString(), Files.readString(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return texts;
  }

  private static void remove(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static DriverFailure notUnpacked() {
    return new DriverFailure.Permanent("not-unpacked", "this version has no folder");
  }

  private Folder folderOf(VersionReference version) throws DriverFailure {
    Folder folder = reality.folders.get(version);
    if (folder == null) {
      throw notUnpacked();
    }
    return folder;
  }

  @Override
  public Optional<String> read(VersionReference version, String path) throws DriverFailure {
    requireInside(path);
    synchronized (reality) {
      return Optional.ofNullable(folderOf(version).files.get(path));
    }
  }

  @Override
  public void write(Fence fence, VersionReference version, String path, String text)
      throws DriverFailure, InterruptedException {
    requireInside(path);
    if (text.length() > LONGEST_TEXT) {
      throw new IllegalArgumentException("a text has at most 4 MiB");
    }
    act("write", fence, version.application(), () -> folderOf(version).files.put(path, text));
  }

  private static void requireInside(String path) {
    if (path.isEmpty()
        || path.startsWith("/")
        || path.indexOf('\0') >= 0
        || List.of(path.split("/", -1)).contains("..")) {
      throw new IllegalArgumentException("not a path inside a version");
    }
  }

  @Override
  public void begin(Fence fence, CommandSpecification command)
      throws DriverFailure, InterruptedException {
    VersionReference version = command.version();
    act(
        "begin",
        fence,
        version.application(),
        () -> {
          Folder folder = folderOf(version);
          if (folder.runs.containsKey(command.name())) {
            return;
          }
          Came came = programs.apply(command);
          folder.runs.put(command.name(), new Run(came.run()));
          folder
              .output
              .computeIfAbsent(command.name(), name -> new ArrayList<>())
              .addAll(came.output());
          reality.begun.add(version.version() + ' ' + command.name());
        });
  }

  @Override
  public boolean builds() {
    return true;
  }

  @Override
  public void build(Fence fence, VersionReference version, String name, Set<String> secrets)
      throws DriverFailure, InterruptedException {
    begin(
        fence,
        new CommandSpecification(version, name, List.of("build"), Map.of(), secrets, 512, true));
  }

  @Override
  public void useBuilt(Fence fence, VersionReference version, String name)
      throws DriverFailure, InterruptedException {
    act("useBuilt", fence, version.application(), () -> folderOf(version).built = true);
  }

  @Override
  public CommandRun look(VersionReference version, String name) {
    CommandSpecification.requireName(name);
    synchronized (reality) {
      Folder folder = reality.folders.get(version);
      Run run = folder == null ? null : folder.runs.get(name);
      return run == null ? new CommandRun.Absent() : run.state;
    }
  }

  @Override
  public List<String> tail(VersionReference version, String name, int lines) {
    CommandSpecification.requireName(name);
    synchronized (reality) {
      Folder folder = reality.folders.get(version);
      List<String> written =
          folder == null ? List.of() : folder.output.getOrDefault(name, List.of());
      return List.copyOf(written.subList(Math.max(0, written.size() - lines), written.size()));
    }
  }

  @Override
  public void clear(Fence fence, VersionReference version, String name)
      throws DriverFailure, InterruptedException {
    CommandSpecification.requireName(name);
    act(
        "clear",
        fence,
        version.application(),
        () -> {
          Folder folder = reality.folders.get(version);
          if (folder != null) {
            folder.runs.remove(name);
          }
        });
  }

  @Override
  public boolean useTree(Fence fence, VersionReference version, String tree)
      throws DriverFailure, InterruptedException {
    var used = new boolean[1];
    act(
        "useTree",
        fence,
        version.application(),
        () -> {
          Folder folder = folderOf(version);
          if (reality.trees.contains(tree)) {
            folder.tree = tree;
            used[0] = true;
          }
        });
    return used[0];
  }

  @Override
  public void keepTree(Fence fence, VersionReference version, String tree)
      throws DriverFailure, InterruptedException {
    act(
        "keepTree",
        fence,
        version.application(),
        () -> {
          folderOf(version);
          reality.trees.add(tree);
        });
  }

  @Override
  public void forgetTrees(Collection<String> needed) {
    synchronized (reality) {
      reality.trees.retainAll(Set.copyOf(needed));
    }
  }

  @Override
  public Stream<Endpoint> freeEndpoints(String executor) {
    return IntStream.range(firstPort, firstPort + PORTS)
        .mapToObj(port -> new Endpoint("127.0.0.1", port))
        .filter(
            endpoint -> {
              synchronized (reality) {
                return !reality.taken(endpoint);
              }
            });
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
  public void start(Fence fence, ExecutorSpecification executor)
      throws DriverFailure, InterruptedException {
    act(
        "start",
        fence,
        executor.version().application(),
        () -> {
          folderOf(executor.version());
          if (reality.executors.containsKey(executor.executor())) {
            return;
          }
          if (reality.taken(executor.endpoint()) || reality.taken(executor.admin())) {
            throw new DriverFailure.Permanent(
                "port-taken", "another program listens on the executor's port");
          }
          reality.executors.put(
              executor.executor(), new Executing(executor, firstState(executor.start())));
        });
  }

  private static ExecutorObservation.State firstState(List<String> commands) {
    for (String command : commands) {
      switch (command.split(" ", 2)[0]) {
        case "exit" -> {
          return ExecutorObservation.State.RESTARTING;
        }
        case "sleep" -> {
          return ExecutorObservation.State.SILENT;
        }
        default -> {}
      }
    }
    return ExecutorObservation.State.HEALTHY;
  }

  @Override
  public ExecutorObservation observe(ExecutorSpecification executor) {
    synchronized (reality) {
      Executing running = reality.executors.get(executor.executor());
      ExecutorObservation.State state =
          running == null ? ExecutorObservation.State.GONE : running.state;
      String reason =
          switch (state) {
            case HEALTHY -> null;
            case SILENT -> "it does not answer";
            case RESTARTING -> "it ended with status 1";
            case GONE -> "it does not run";
          };
      if (running != null && state == ExecutorObservation.State.RESTARTING) {
        running.restarts++;
      }
      return new ExecutorObservation(
          state,
          reason,
          switch (state) {
            case HEALTHY, SILENT -> executor.executor() + ".0.0";
            case RESTARTING, GONE -> null;
          },
          running == null ? 0 : running.restarts,
          clock.instant());
    }
  }

  @Override
  public void stop(Fence fence, VersionReference version, String executor, Duration grace)
      throws DriverFailure, InterruptedException {
    ExecutorSpecification.requireExecutor(executor);
    act("stop", fence, version.application(), () -> reality.executors.remove(executor));
  }

  @Override
  public void discard(Fence fence, VersionReference version)
      throws DriverFailure, InterruptedException {
    act(
        "discard",
        fence,
        version.application(),
        () -> {
          reality.folders.remove(version);
          reality
              .executors
              .values()
              .removeIf(running -> running.specification.version().equals(version));
        });
  }

  @Override
  public Gone destroy(Fence fence, String application, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    var resources = new LinkedHashSet<Resource>(expected);
    act(
        "destroy",
        fence,
        VersionReference.requireApplication(application),
        () -> {
          inventory().stream()
              .filter(found -> found.subject().equals(application))
              .map(Found::resource)
              .forEach(resources::add);
          reality.folders.keySet().removeIf(version -> version.application().equals(application));
          reality
              .executors
              .values()
              .removeIf(
                  running -> running.specification.version().application().equals(application));
        });
    return proveGone(application, resources);
  }

  @Override
  public Trashed moveToTrash(String application, Collection<Resource> expected)
      throws DriverFailure {
    var resources = new LinkedHashSet<Resource>(expected);
    boolean folder;
    synchronized (reality) {
      inventory().stream()
          .filter(found -> found.subject().equals(application))
          .map(Found::resource)
          .forEach(resources::add);
      folder =
          reality.folders.keySet().removeIf(version -> version.application().equals(application));
      reality
          .executors
          .values()
          .removeIf(running -> running.specification.version().application().equals(application));
    }
    return new Trashed(
        folder ? new Resource("trash", application) : null, proveGone(application, resources));
  }

  @Override
  public Gone proveGone(String application, Collection<Resource> things) throws DriverFailure {
    List<Resource> there =
        inventory().stream()
            .filter(found -> found.subject().equals(application))
            .map(Found::resource)
            .toList();
    var proofs = new HashMap<Resource, String>();
    for (Resource thing : things) {
      if (there.contains(thing)) {
        throw new DriverFailure.Transient(thing.kind() + "-remains", "it is still there");
      }
      proofs.put(thing, "not in memory");
    }
    return new Gone(proofs);
  }

  @Override
  public List<Found> inventory() {
    var found = new ArrayList<Found>();
    synchronized (reality) {
      for (VersionReference version : reality.folders.keySet()) {
        found.add(new Found(version.application(), folder(version), "folder"));
      }
      reality.executors.forEach(
          (executor, running) ->
              found.add(
                  new Found(
                      running.specification.version().application(),
                      process(executor),
                      "process")));
    }
    return List.copyOf(found);
  }

  private void act(String act, Fence fence, String application, Change change)
      throws DriverFailure, InterruptedException {
    if (!fence.subject().equals(application)) {
      throw new IllegalArgumentException("the fence is not this application's");
    }
    Holder holder = enter(fence);
    try {
      crashPoint.reached(act, fence, Moment.BEFORE);
      synchronized (reality) {
        if (holder.overtaken) {
          throw new DriverFailure.Fenced(fence, reality.highestEpoch(application));
        }
        change.make();
      }
      crashPoint.reached(act, fence, Moment.AFTER);
    } finally {
      synchronized (reality) {
        reality.holders.remove(application, holder);
      }
    }
  }

  private Holder enter(Fence fence) throws DriverFailure {
    synchronized (reality) {
      long highest = reality.highestEpoch(fence.subject());
      if (fence.epoch() < highest) {
        throw new DriverFailure.Fenced(fence, highest);
      }
      Holder other = reality.holders.get(fence.subject());
      if (other != null && other.epoch == fence.epoch()) {
        throw new DriverFailure.Transient(
            "busy", "another call works on this application at the moment");
      }
      if (other != null) {
        other.overtaken = true;
      }
      var holder = new Holder(fence.epoch());
      reality.holders.put(fence.subject(), holder);
      reality.highest.put(fence.subject(), fence.epoch());
      return holder;
    }
  }
}
