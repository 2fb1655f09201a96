package dev.slipway.instance.driver.process;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.Locality;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.driver.Trashed;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.process.FencedShell;
import dev.slipway.common.process.ProcessTable;
import dev.slipway.instance.driver.DatabaseSet;
import dev.slipway.instance.driver.Footprint;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.Observation;
import dev.slipway.instance.driver.sql.MigrationGuard;
import dev.slipway.instance.driver.sql.SetSession;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Runs instances as processes of this machine, as an ordinary user or as root (then under a number
/// of their own).
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
  private static final int NOT_CREATED = 74;
  private static final Duration LONGEST_START = Duration.ofSeconds(60);
  private static final long LONGEST_LOG = 4L * 1024 * 1024;
  private static final Duration SIGN_IN_PATIENCE = Duration.ofSeconds(5);
  private static final Duration SET_PATIENCE = Duration.ofSeconds(30);
  private static final Duration REFUSAL_INTERVAL = Duration.ofSeconds(2);
  private static final List<String> FILES =
      List.of("fenced.sh", "template.sh", "spares.sh", "postgresql.conf", "pg_hba.conf");

  private final ProcessDriverSettings settings;
  private final ServerCertificates certificates;
  private final SuperuserPasswords passwords;
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
  private final Map<String, SignIn> signIns = new ConcurrentHashMap<>();

  /// Instances whose superuser still has the template's password, as far as this object knows; a
  /// hint which password to try first.
  private final Set<String> fresh = ConcurrentHashMap.newKeySet();

  /// @param failure why the platform could not sign in, absent when it could
  private record SignIn(long pid, String start, Instant at, @Nullable Observation failure) {}

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
      char[] password = passwords.of("template");
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
    List<Integer> ports =
        new ArrayList<>(
            IntStream.rangeClosed(settings.firstPort(), settings.lastPort()).boxed().toList());
    // Callers at the same moment start at different places, and a port just given up is not the
    // next one taken.
    Collections.shuffle(ports);
    return ports.stream()
        .filter(ProcessInstanceDriver::portFree)
        .map(port -> new Endpoint(HOST, port));
  }

  private static boolean portFree(int port) {
    try {
      for (InetAddress address : InetAddress.getAllByName(HOST)) {
        try (var socket = new ServerSocket()) {
          socket.setReuseAddress(true);
          socket.bind(new InetSocketAddress(address, port));
        }
      }
      return true;
    } catch (IOException e) {
      return false;
    }
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
    char[] own = passwords.of("instance " + instance);
    char[] templates = passwords.of("template");
    try {
      ScramVerifier ownVerifier = ScramVerifier.of(own);
      List<char[]> candidates =
          fresh.contains(instance) ? List.of(templates, own) : List.of(own, templates);
      act(
          fence,
          specification,
          candidates,
          statement -> {
            Roles.setOwnPassword(statement, ownVerifier);
            Roles.ensureAdministrator(statement, administrator, verifier);
          });
      fresh.remove(instance);
    } finally {
      Arrays.fill(own, '\0');
      Arrays.fill(templates, '\0');
    }
  }

  @Override
  public void resetPassword(
      Fence fence, InstanceSpecification specification, String role, ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    Roles.quoted(role);
    char[] own = passwords.of("instance " + specification.instance());
    try {
      act(
          fence,
          specification,
          List.of(own),
          statement -> Roles.setPassword(statement, role, verifier));
    } finally {
      Arrays.fill(own, '\0');
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
    inSet(
        fence,
        specification,
        set,
        session -> {
          session.ensure(administrator, verifier, true);
          guard(specification, set);
          return set;
        });
  }

  /// Only the application's own database, the first, is migrated.
  private void guard(InstanceSpecification specification, DatabaseSet set) throws SQLException {
    char[] own = passwords.of("instance " + specification.instance());
    try (PlatformConnection connection =
        PlatformConnection.open(
            specification.endpoint(),
            set.databases().getFirst(),
            certificates.authority(),
            own,
            "slipway guard",
            SET_PATIENCE)) {
      MigrationGuard.install(connection.session());
    } finally {
      Arrays.fill(own, '\0');
    }
  }

  @Override
  public Gone dropDatabases(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      DatabaseSet set,
      Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    return inSet(fence, specification, set, session -> session.drop(administrator, expected));
  }

  /// What is done in a session that holds a set's lock.
  private interface SetWork<T> {
    T on(SetSession session) throws SQLException, DriverFailure;
  }

  private <T> T inSet(
      Fence fence, InstanceSpecification specification, DatabaseSet set, SetWork<T> work)
      throws DriverFailure, InterruptedException {
    set.requireSubject(fence);
    char[] own = passwords.of("instance " + specification.instance());
    try (PlatformConnection connection =
        PlatformConnection.open(
            specification.endpoint(),
            certificates.authority(),
            own,
            SetSession.nameOf(fence),
            SET_PATIENCE)) {
      return work.on(SetSession.open(connection.session(), fence, set, PlatformConnection::raise));
    } catch (SQLException e) {
      if (Thread.interrupted()) {
        throw (InterruptedException) new InterruptedException().initCause(e);
      }
      throw SetSession.failure(e).orElseGet(() -> PlatformConnection.failure(e));
    } finally {
      Arrays.fill(own, '\0');
    }
  }

  /// Signs in with the first password that is accepted and works under the fence. The file's claims
  /// are looked at too: who was overtaken in an act on processes must not act on roles either.
  private void act(
      Fence fence,
      InstanceSpecification specification,
      List<char[]> candidates,
      PlatformConnection.Work work)
      throws DriverFailure, InterruptedException {
    requireSubject(fence, specification.instance());
    long highest = shell.highestEpoch(fence.subject());
    if (highest > fence.epoch()) {
      throw new DriverFailure.Fenced(fence, highest);
    }
    try (PlatformConnection connection = signIn(fence, specification.endpoint(), candidates)) {
      connection.fenced(fence, work);
    } catch (SQLException e) {
      if (Thread.interrupted()) {
        throw (InterruptedException) new InterruptedException().initCause(e);
      }
      throw PlatformConnection.failure(e);
    }
  }

  private PlatformConnection signIn(Fence fence, Endpoint endpoint, List<char[]> candidates)
      throws SQLException {
    for (char[] candidate : candidates.subList(0, candidates.size() - 1)) {
      try {
        return PlatformConnection.open(endpoint, certificates.authority(), candidate, fence);
      } catch (SQLException e) {
        if (!PlatformConnection.signInRefused(e)) {
          throw e;
        }
      }
    }
    return PlatformConnection.open(endpoint, certificates.authority(), candidates.getLast(), fence);
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
    signIns.remove(instance);
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
        int port =
            Integer.parseInt(resource.name().substring(resource.name().lastIndexOf(':') + 1));
        yield portFree(port)
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
      return signedIn(specification, entry, now);
    } catch (IOException e) {
      return Observation.unknown("its data directory cannot be read", now);
    }
  }

  private Observation signedIn(
      InstanceSpecification specification, ProcessTable.Entry server, Instant now)
      throws InterruptedException {
    SignIn last = signIns.get(specification.instance());
    if (last != null && last.pid() == server.pid() && last.start().equals(server.start())) {
      Duration age = Duration.between(last.at(), now);
      if (last.failure() == null && age.compareTo(settings.signInInterval()) < 0) {
        return Observation.up(now);
      }
      if (last.failure() != null && age.compareTo(REFUSAL_INTERVAL) < 0) {
        return last.failure();
      }
    }
    Observation seen = trySignIn(specification, now);
    signIns.put(
        specification.instance(),
        new SignIn(server.pid(), server.start(), now, seen.isUp() ? null : seen));
    return seen;
  }

  private Observation trySignIn(InstanceSpecification specification, Instant now)
      throws InterruptedException {
    char[] own = passwords.of("instance " + specification.instance());
    try (PlatformConnection _ =
        PlatformConnection.open(
            specification.endpoint(),
            certificates.authority(),
            own,
            "slipway observation",
            SIGN_IN_PATIENCE)) {
      return Observation.up(now);
    } catch (SQLException e) {
      if (Thread.interrupted()) {
        throw (InterruptedException) new InterruptedException().initCause(e);
      }
      DriverFailure failure = PlatformConnection.failure(e);
      return switch (failure.code()) {
        case "sign-in-refused" -> Observation.down("the platform cannot sign in", now);
        case "starting" -> Observation.down("PostgreSQL is starting", now);
        default -> Observation.unknown("PostgreSQL runs, and did not answer a sign-in", now);
      };
    } finally {
      Arrays.fill(own, '\0');
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
  /// itself.
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
    signIns.remove(instance);
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
