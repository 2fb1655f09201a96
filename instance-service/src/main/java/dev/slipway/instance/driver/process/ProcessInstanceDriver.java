package dev.slipway.instance.driver.process;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.HostPorts;
import dev.slipway.common.driver.Locality;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.driver.Trashed;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.process.FencedShell;
import dev.slipway.common.process.ProcessTable;
import dev.slipway.instance.driver.DatabaseSet;
import dev.slipway.instance.driver.DriverCapability;
import dev.slipway.instance.driver.Footprint;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.Observation;
import dev.slipway.instance.driver.ServerCertificates;
import dev.slipway.instance.driver.ServerConfiguration;
import dev.slipway.instance.driver.SuperuserPasswords;
import dev.slipway.instance.driver.sql.Roles;
import dev.slipway.instance.driver.sql.ServerLog;
import dev.slipway.instance.driver.sql.ServerSessions;
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
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Runs instances as processes of this machine, as an ordinary user or as root (then under a
/// number of their own).
///
/// ```text
/// root/
///   owner                    the installation all of this belongs to
///   .driver-…/               scripts and settings of this version
///   .template-VERSION-…/     what new instances are copied from
///   .spares/…                copies of it that wait for an instance
///   .fences/ins_…            claims and lock of each instance; outlives it
///   .trash/ins_…-WHEN-…/     moved there on a person's word
///   ins_…/                   owner, complete, data/, log
/// ```
///
/// Servers outlive the service; nothing about them is kept in memory but when the platform last
/// signed in.
public final class ProcessInstanceDriver implements InstanceDriver {

  private static final String HOST = "localhost";

  /// The name from which the password of the platform's role in the template is derived.
  private static final String TEMPLATE = "template";

  private static final int NOT_CREATED = 74;
  private static final Duration LONGEST_START = Duration.ofSeconds(60);
  private static final long LONGEST_LOG = 4L * 1024 * 1024;
  private static final List<String> FILES =
      List.of("fenced.sh", "template.sh", "spares.sh", ServerConfiguration.FILE, "pg_hba.conf");

  private final ProcessDriverSettings settings;
  private final ServerCertificates certificates;
  private final SuperuserPasswords passwords;
  private final ServerSessions sessions;
  private final HostPorts ports;
  private final InstantSource clock;
  private final Path root;
  private final Path binaries;
  private final Path scripts;
  private final String recipe;
  private final ServerUser user;
  private final FencedShell shell;
  private final SpareDirectories spares;
  private final ReentrantLock templateLock = new ReentrantLock();
  private volatile @Nullable PostgresTemplate template;
  /// Instances whose superuser still has the template's password, as far as this object knows; a
  /// hint which password to try first.
  private final Set<String> fresh = ConcurrentHashMap.newKeySet();

  private ProcessInstanceDriver(
      ProcessDriverSettings settings,
      ServerCertificates certificates,
      SuperuserPasswords passwords,
      InstantSource clock,
      Path root,
      Path scripts,
      String recipe,
      ServerUser user)
      throws IOException {
    this.settings = settings;
    this.certificates = certificates;
    this.passwords = passwords;
    this.sessions = new ServerSessions(certificates, passwords, settings.signInInterval());
    this.ports = new HostPorts(HOST, settings.firstPort(), settings.lastPort());
    this.clock = clock;
    this.root = root;
    this.binaries = settings.postgres().toRealPath().resolve("bin");
    this.scripts = scripts;
    this.recipe = recipe;
    this.user = user;
    this.spares = new SpareDirectories(root, scripts.resolve("spares.sh"), settings.spares());
    this.shell =
        new FencedShell(
            scripts.resolve("fenced.sh"),
            root,
            Map.of(
                "SLIPWAY_OWNER", settings.installation(),
                "SLIPWAY_AS", String.join(" ", user.prefix()),
                "SLIPWAY_UID", user.uid() == null ? "" : user.uid().toString(),
                "SLIPWAY_BLIND", user.blind() ? "yes" : "",
                "SLIPWAY_POSTGRES", binaries.resolve("postgres").toString(),
                "SLIPWAY_PATIENCE", Long.toString(settings.stopPatience().toMillis() / 10)),
            "instance",
            Map.of(
                NOT_CREATED,
                new FencedShell.Refusal("not-created", "this instance has no data to start from")));
  }

  /// Opens the driver on its folder, which may hold the instances of an earlier run.
  ///
  /// @throws IllegalStateException when servers cannot be run here, saying what to do about it
  public static ProcessInstanceDriver open(
      ProcessDriverSettings settings,
      ServerCertificates certificates,
      SuperuserPasswords passwords,
      InstantSource clock)
      throws IOException, InterruptedException {
    Files.createDirectories(settings.root());
    Path root = settings.root().toRealPath();
    if (root.toString().contains("\n")) {
      throw new IllegalStateException("the folder for instances has a line break in its path");
    }
    ServerUser user = ServerUser.current();
    // Others pass through to the one folder they are given, and cannot list what else there is.
    Files.setPosixFilePermissions(
        root, PosixFilePermissions.fromString(user.uid() == null ? "rwx------" : "rwx--x--x"));
    claim(root, settings.installation());
    var recipe = new StringBuilder();
    for (String file : FILES) {
      recipe.append(resource(file));
    }
    recipe.append(FencedShell.lockScript());
    Path scripts = install(root, recipe.toString());
    user.verify(settings.postgres().toRealPath().resolve("bin").resolve("postgres"), root);
    return new ProcessInstanceDriver(
        settings, certificates, passwords, clock, root, scripts, recipe.toString(), user);
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
    for (String folder : List.of(".fences", ".trash")) {
      Files.createDirectories(
          root.resolve(folder),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
  }

  private static Path install(Path root, String recipe) throws IOException {
    Path scripts = root.resolve(".driver-" + PostgresTemplate.fingerprint(recipe));
    Files.createDirectories(
        scripts,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    for (String file : FILES) {
      replace(scripts.resolve(file), resource(file));
    }
    replace(scripts.resolve(FencedShell.LOCK), FencedShell.lockScript());
    return scripts;
  }

  private static String resource(String file) throws IOException {
    if (file.equals(ServerConfiguration.FILE)) {
      return ServerConfiguration.text();
    }
    try (@Nullable InputStream stream = ProcessInstanceDriver.class.getResourceAsStream(file)) {
      if (stream == null) {
        throw new IOException("the resource " + file + " is missing");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void replace(Path file, String text) throws IOException {
    Path written = Files.createTempFile(file.getParent(), "." + file.getFileName(), ".new");
    Files.writeString(written, text);
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public String name() {
    return "process";
  }

  @Override
  public Set<DriverCapability> capabilities() {
    return Set.of();
  }

  @Override
  public Locality locality() {
    String boot;
    try {
      boot = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    } catch (IOException e) {
      boot = "unknown";
    }
    return new Locality.Host(settings.installation(), boot);
  }

  @Override
  public void prepare() throws DriverFailure, InterruptedException {
    spares.replenish(template());
  }

  /// Makes the missing spares now.
  void makeSpares() throws DriverFailure, InterruptedException {
    spares.fill(template());
  }

  private PostgresTemplate template() throws DriverFailure, InterruptedException {
    PostgresTemplate known = template;
    if (known != null && Files.isDirectory(known.folder())) {
      return known;
    }
    templateLock.lockInterruptibly();
    try {
      char[] password = passwords.of(TEMPLATE);
      try {
        PostgresTemplate made =
            PostgresTemplate.ensure(root, scripts, binaries, user, password, recipe);
        template = made;
        return made;
      } finally {
        Arrays.fill(password, '\0');
      }
    } finally {
      templateLock.unlock();
    }
  }

  @Override
  public Stream<Endpoint> freeEndpoints(String instance) {
    return ports.free();
  }

  @Override
  public Footprint footprint(InstanceSpecification specification) {
    return new Footprint(
        List.of(new Resource("port", specification.endpoint().toString())),
        List.of(directory(specification.instance())),
        List.of(process(specification.instance())));
  }

  private static Resource directory(String instance) {
    return new Resource("directory", instance);
  }

  private static Resource process(String instance) {
    return new Resource("process", instance);
  }

  @Override
  public void create(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    requireSubject(fence, specification.instance());
    PostgresTemplate source = template();
    try {
      shell.run(
          "create",
          fence,
          Map.of(
              "SLIPWAY_TEMPLATE", source.folder().toString(),
              "SLIPWAY_SPARES", spares.of(source),
              "SLIPWAY_SEGMENT", source.segment()),
          source.newIdentity(clock.instant()));
    } finally {
      spares.replenish(source);
    }
    fresh.add(specification.instance());
  }

  @Override
  public void start(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    requireSubject(fence, specification.instance());
    ServerCertificates.Issued issued = certificates.issue();
    // Lines end at a single dot, as in mail: PEM has none.
    String input = issued.certificate().strip() + "\n.\n" + issued.key().strip() + "\n.\n";
    long logged = root.resolve(specification.instance()).resolve("log").toFile().length();
    boolean rotate = logged > LONGEST_LOG;
    List<String> results =
        shell.run(
            "start",
            fence,
            Map.of(
                "SLIPWAY_PORT", Integer.toString(specification.endpoint().port()),
                "SLIPWAY_HOSTS", specification.endpoint().host(),
                "SLIPWAY_ROTATE", rotate ? "yes" : ""),
            input.getBytes(StandardCharsets.UTF_8));
    awaitReady(fence, specification, Launch.parse(results, rotate ? 0 : logged));
  }

  /// @param logOffset where the log ended before this launch
  private record Launch(boolean running, long pid, String start, long logOffset) {

    static Launch parse(List<String> results, long logOffset) throws DriverFailure {
      String[] words = results.isEmpty() ? new String[0] : results.getLast().split(" ", -1);
      if (words.length != 3) {
        throw new DriverFailure.Transient(
            "shell-failed", "the machine did not start this instance");
      }
      return new Launch(words[0].equals("running"), Long.parseLong(words[1]), words[2], logOffset);
    }
  }

  private void awaitReady(Fence fence, InstanceSpecification specification, Launch launch)
      throws DriverFailure, InterruptedException {
    Path home = root.resolve(specification.instance());
    Path data = home.resolve("data");
    Path log = home.resolve("log");
    long began = System.nanoTime();
    while (true) {
      try {
        PostmasterFile file = PostmasterFile.read(data).orElse(null);
        if (file != null && file.pid() == launch.pid() && file.ready()) {
          break;
        }
      } catch (IOException e) {
        throw new DriverFailure.Transient(
            "unreadable", "the instance's data directory cannot be read", e);
      }
      if (!ProcessTable.alive(launch.pid(), launch.start())) {
        throw startFailure(ServerLog.since(log, launch.logOffset()));
      }
      long waited = System.nanoTime() - began;
      if (waited > LONGEST_START.toNanos()) {
        throw new DriverFailure.Transient("starting", "the instance is still recovering");
      }
      // Most servers are ready within 30 ms; one that replays its log is not worth a thousand looks
      // a second.
      Thread.sleep(waited < 200_000_000L ? 1 : 20);
    }
    if (!launch.running()
        && ServerLog.since(log, launch.logOffset()).contains("could not create listen socket")) {
      // It listens on one of the host's addresses only; who connects to the other would meet a
      // stranger.
      stop(fence, specification);
      throw portTaken();
    }
  }

  private DriverFailure startFailure(ServerLog log) {
    var context = new IOException("the server wrote: " + String.join("\n", log.lines()));
    if (log.contains("Address already in use")) {
      return portTaken();
    }
    if (log.lines().stream().anyMatch(FencedShell::diskFull)) {
      return new DriverFailure.Permanent(
          "disk-full", "no space is left on the disk for this instance", context);
    }
    if (log.hasFatalError()) {
      return new DriverFailure.Permanent(
          "server-failed", "PostgreSQL does not start: " + log.lastWords(root), context);
    }
    return new DriverFailure.Transient(
        "server-died", "PostgreSQL was killed while it started", context);
  }

  private static DriverFailure portTaken() {
    return new DriverFailure.Permanent(
        "port-taken", "another program listens on the instance's port");
  }

  @Override
  public void secure(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    Roles.quoted(administrator);
    String instance = specification.instance();
    requireCurrent(fence, instance);
    String own = ServerSessions.passwordName(instance);
    sessions.secure(
        fence,
        specification,
        administrator,
        verifier,
        fresh.contains(instance) ? List.of(TEMPLATE, own) : List.of(own, TEMPLATE));
    fresh.remove(instance);
  }

  @Override
  public void requireRole(Fence fence, InstanceSpecification specification, String role)
      throws DriverFailure, InterruptedException {
    Roles.quoted(role);
    requireCurrent(fence, specification.instance());
    sessions.requireRole(fence, specification, role);
  }

  @Override
  public void resetPassword(
      Fence fence, InstanceSpecification specification, String role, ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    Roles.quoted(role);
    requireCurrent(fence, specification.instance());
    sessions.resetPassword(fence, specification, role, verifier);
  }

  /// The file's claims are looked at, too: who was overtaken in an act on processes must not act
  /// on roles either.
  private void requireCurrent(Fence fence, String instance) throws DriverFailure {
    requireSubject(fence, instance);
    long highest = shell.highestEpoch(fence.subject());
    if (highest > fence.epoch()) {
      throw new DriverFailure.Fenced(fence, highest);
    }
  }

  @Override
  public void ensureDatabases(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      DatabaseSet set,
      ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    sessions.ensureDatabases(fence, specification, administrator, set, verifier);
  }

  @Override
  public Gone dropDatabases(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      DatabaseSet set,
      Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    return sessions.dropDatabases(fence, specification, administrator, set, expected);
  }

  @Override
  public void stop(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    requireSubject(fence, specification.instance());
    shell.run("stop", fence, Map.of(), new byte[0]);
  }

  @Override
  public Gone destroy(Fence fence, String instance, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    requireSubject(fence, InstanceSpecification.requireIdentifier(instance));
    shell.run("destroy", fence, Map.of(), new byte[0]);
    fresh.remove(instance);
    sessions.forget(instance);
    var resources = new LinkedHashSet<Resource>(expected);
    resources.add(directory(instance));
    resources.add(process(instance));
    return proveGone(instance, resources);
  }

  /// The shell has looked, too; but its word alone is not a proof.
  @Override
  public Gone proveGone(String instance, Collection<Resource> things) throws DriverFailure {
    Map<String, List<Long>> living = livingProcesses();
    var proofs = new HashMap<Resource, String>();
    for (Resource thing : things) {
      proofs.put(thing, proof(thing, instance, living));
    }
    return new Gone(proofs);
  }

  private String proof(Resource resource, String instance, Map<String, List<Long>> living)
      throws DriverFailure {
    return switch (resource.kind()) {
      case "directory" -> {
        // What cannot be looked at is not gone, and a link that leads nowhere is something.
        if (!Files.notExists(root.resolve(instance), LinkOption.NOFOLLOW_LINKS)) {
          throw new DriverFailure.Transient(
              "directory-remains", "the instance's folder is still there");
        }
        yield "no such folder";
      }
      case "process" -> {
        if (living.containsKey(instance)) {
          throw new DriverFailure.Transient(
              "process-survives", "a process of this instance does not end");
        }
        yield "no process of this machine works in its folder";
      }
      case "port" -> {
        yield ports.isFree(HostPorts.portOf(resource.name()))
            ? "nothing listens there: it could be bound"
            : "no process of the instance is left; what listens there is not the platform's";
      }
      default ->
          throw new DriverFailure.Permanent(
              "resource-unknown", "this driver does not make a " + resource.kind());
    };
  }

  @Override
  public Observation observe(InstanceSpecification specification) throws InterruptedException {
    Instant now = clock.instant();
    Path data = root.resolve(specification.instance()).resolve("data");
    try {
      if (!Files.isDirectory(data)) {
        return Observation.down("it has no data", now);
      }
      PostmasterFile file = PostmasterFile.read(data).orElse(null);
      if (file == null) {
        return Observation.down("PostgreSQL is not running", now);
      }
      ProcessTable.Entry entry = ProcessTable.find(file.pid()).orElse(null);
      if (entry == null || !file.alive(data)) {
        return Observation.down("PostgreSQL was killed", now);
      }
      if (!file.ready()) {
        return Observation.down(
            file.status().equals("stopping") ? "PostgreSQL is stopping" : "PostgreSQL is starting",
            now);
      }
      return sessions.observe(specification, entry.pid() + " " + entry.start(), now);
    } catch (IOException e) {
      return Observation.unknown("its data directory cannot be read", now);
    }
  }

  @Override
  public List<Found> inventory() throws DriverFailure {
    var found = new ArrayList<Found>();
    try {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(root, "ins_*")) {
        for (Path entry : entries) {
          String name = entry.getFileName().toString();
          if (InstanceSpecification.isIdentifier(name) && isOurs(entry)) {
            found.add(new Found(name, directory(name), "folder"));
          }
        }
      }
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(root.resolve(".trash"))) {
        for (Path entry : entries) {
          String name = entry.getFileName().toString();
          int dash = name.indexOf('-');
          if (dash > 0 && InstanceSpecification.isIdentifier(name.substring(0, dash))) {
            found.add(
                new Found(
                    name.substring(0, dash), new Resource("trash", name), "folder in the trash"));
          }
        }
      }
    } catch (IOException e) {
      throw new DriverFailure.Transient("unreadable", "the folder of instances cannot be read", e);
    }
    livingProcesses()
        .forEach(
            (instance, pids) ->
                found.add(
                    new Found(
                        instance,
                        process(instance),
                        "processes "
                            + String.join(
                                ", ", pids.stream().map(pid -> pid.toString()).toList()))));
    return List.copyOf(found);
  }

  /// All of the root is this installation's; a folder somebody brought from elsewhere says so
  /// itself. One that says nothing counts: a create that was killed before it wrote `owner`, and a
  /// destroy that was killed after it removed it, leave just that, and it would never be found.
  private boolean isOurs(Path folder) throws IOException {
    Path owner = folder.resolve("owner");
    if (!Files.exists(owner)) {
      return true;
    }
    String found = Files.readString(owner).strip();
    return found.isEmpty() || found.equals(settings.installation());
  }

  private Map<String, List<Long>> livingProcesses() throws DriverFailure {
    var living = new TreeMap<String, List<Long>>();
    String prefix = root + "/ins_";
    try {
      for (long pid : ProcessTable.all()) {
        String whereabouts = ProcessTable.whereabouts(pid);
        int at = whereabouts.indexOf(prefix);
        if (at < 0) {
          continue;
        }
        int from = at + prefix.length() - "ins_".length();
        int to = Math.min(from + "ins_".length() + 26, whereabouts.length());
        String instance = whereabouts.substring(from, to);
        if (InstanceSpecification.isIdentifier(instance)
            && ProcessTable.find(pid).filter(ProcessTable.Entry::alive).isPresent()) {
          living.computeIfAbsent(instance, key -> new ArrayList<>()).add(pid);
        }
      }
    } catch (IOException e) {
      throw new DriverFailure.Transient("unreadable", "the process table cannot be read", e);
    }
    return living;
  }

  @Override
  public Trashed moveToTrash(String instance, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    List<String> results =
        shell.runUnderHighestEpoch("trash", InstanceSpecification.requireIdentifier(instance));
    fresh.remove(instance);
    sessions.forget(instance);
    var resources = new LinkedHashSet<Resource>(expected);
    resources.add(directory(instance));
    resources.add(process(instance));
    return new Trashed(FencedShell.trash(results), proveGone(instance, resources));
  }

  private static void requireSubject(Fence fence, String instance) {
    if (!fence.subject().equals(instance)) {
      throw new IllegalArgumentException("the fence is not this instance's");
    }
  }
}
