package dev.slipway.deploy.driver.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.process.ProcessTable;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.CommandSpecification;
import dev.slipway.deploy.driver.ExecutorObservation;
import dev.slipway.deploy.driver.ExecutorObservation.State;
import dev.slipway.deploy.driver.ExecutorSpecification;
import dev.slipway.deploy.driver.VersionReference;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What only processes have: supervisors that are killed, children that hide, applications that
/// mean harm.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class SupervisionTest {

  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final String SERVER =
      "require('http').createServer((q, a) => a.end('from ' + process.pid)).listen(3000);";

  @SuppressWarnings("NullAway.Init") // set before the first test
  private static RuntimeStage stage;

  @BeforeAll
  static void open() {
    stage = new RuntimeStage();
  }

  @AfterAll
  static void close() {
    stage.close();
  }

  private static VersionReference adopted(Map<String, String> files) throws Exception {
    var version = new VersionReference(Identifiers.next("app"), "1700000000001");
    adopt(version, files);
    return version;
  }

  private static void adopt(VersionReference version, Map<String, String> files) throws Exception {
    Path folder = Files.createTempDirectory(stage.folder, "unpacked-");
    for (Map.Entry<String, String> file : files.entrySet()) {
      Path path = folder.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
    }
    stage.runtime.adopt(fence(version), version, folder);
  }

  private static Fence fence(VersionReference version) {
    return new Fence(version.application(), 1);
  }

  private static ExecutorSpecification executor(
      VersionReference version, boolean adminHealth, String... start) {
    return executor(version, adminHealth, Identifiers.next("exe"), Map.of(), start);
  }

  private static ExecutorSpecification executor(
      VersionReference version,
      boolean adminHealth,
      String id,
      Map<String, String> environment,
      String... start) {
    List<Endpoint> free = stage.runtime.freeEndpoints(Identifiers.next("exe")).limit(2).toList();
    return new ExecutorSpecification(
        version,
        id,
        free.getFirst(),
        free.getLast(),
        List.of(start),
        environment,
        Set.of(),
        512,
        "token-of-a-test",
        adminHealth);
  }

  private static ExecutorSpecification started(VersionReference version, String... start)
      throws Exception {
    ExecutorSpecification executor = executor(version, false, start);
    stage.runtime.start(fence(version), executor);
    await(executor, State.HEALTHY);
    return executor;
  }

  @Test
  void aFolderThatClaimsAnothersUserNumberTakesNothingAlongToTheTrash() throws Exception {
    VersionReference living = adopted(Map.of("server.js", SERVER));
    ExecutorSpecification executor = started(living, "exec node server.js");
    Path home = stage.root.resolve(living.application());
    assumeTrue(Files.exists(home.resolve("uid")), "applications have no users of their own here");
    String orphan = Identifiers.next("app");
    Path planted = Files.createDirectory(stage.root.resolve(orphan));
    Files.copy(home.resolve("uid"), planted.resolve("uid"));

    assertThat(stage.runtime.moveToTrash(orphan, List.of()).folder()).isNotNull();

    assertThat(planted).doesNotExist();
    assertThat(stage.runtime.observe(executor).state()).isEqualTo(State.HEALTHY);
    assertThat(stage.root.resolve(".users").resolve(Files.readString(home.resolve("uid")).strip()))
        .hasContent(living.application());
  }

  private static ExecutorObservation await(ExecutorSpecification executor, State state) {
    return await(executor, seen -> seen.state() == state);
  }

  private static ExecutorObservation await(
      ExecutorSpecification executor, Predicate<ExecutorObservation> wanted) {
    return Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> stage.runtime.observe(executor), wanted);
  }

  private static List<String> output(
      VersionReference version, int status, Map<String, String> environment, String... commands)
      throws Exception {
    run(version, "setup", environment, Set.of(), commands);
    assertThat(ended(version, "setup"))
        .as("%s", stage.runtime.tail(version, "setup", 30))
        .isEqualTo(new CommandRun.Exited(status));
    return stage.runtime.tail(version, "setup", 1000);
  }

  private static void run(
      VersionReference version,
      String name,
      Map<String, String> environment,
      Set<String> secrets,
      String... commands)
      throws Exception {
    stage.runtime.begin(
        fence(version),
        new CommandSpecification(
            version, name, List.of(commands), environment, secrets, 512, true));
  }

  private static CommandRun ended(VersionReference version, String name) {
    return Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> stage.runtime.look(version, name), run -> !(run instanceof CommandRun.Running));
  }

  private static Path runFolder(VersionReference version, String name) {
    return stage
        .root
        .resolve(version.application())
        .resolve("runs")
        .resolve(version.version() + '.' + name);
  }

  private static long supervisor(VersionReference version, String name) throws Exception {
    String identity = Files.readString(runFolder(version, name).resolve("identity"));
    return Long.parseLong(identity.split(" ", -1)[0]);
  }

  private static void signal(String signal, long pid) throws Exception {
    new ProcessBuilder("kill", "-" + signal, Long.toString(pid)).start().waitFor();
  }

  private static List<Long> withArgument(String argument) throws IOException {
    var pids = new ArrayList<Long>();
    for (long pid : ProcessTable.all()) {
      if (List.of(commandLine(pid).split("\0", -1)).contains(argument)) {
        pids.add(pid);
      }
    }
    return pids;
  }

  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  private static void awaitGone(String argument) {
    Awaitility.await().atMost(PATIENCE).until(() -> withArgument(argument), List::isEmpty);
  }

  private static HttpResponse<String> get(Endpoint endpoint, String path, String token)
      throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://" + endpoint + path))
              .header("X-Slipway-Admin", token)
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private static boolean namespaces() {
    return stage.runtime.isolation().contains("namespaces of its own");
  }

  @Test
  void killedSupervisorTakesItsApplicationAlongAndItStartsAgain() throws Exception {
    assumeTrue(namespaces(), "without namespaces nothing ends with the supervisor at once");
    VersionReference version = adopted(Map.of("server.js", SERVER));
    ExecutorSpecification executor =
        started(version, "exec node server.js mark-" + version.application());
    String argument = "mark-" + version.application();
    assertThat(withArgument(argument)).isNotEmpty();

    signal("KILL", supervisor(version, executor.executor()));

    assertThat(await(executor, State.GONE).reason()).isNotNull();
    awaitGone(argument);
    stage.runtime.start(fence(version), executor);
    await(executor, State.HEALTHY);
  }

  @Test
  void killedApplicationIsStartedAgain() throws Exception {
    VersionReference version = adopted(Map.of("server.js", SERVER));
    String mark = "mark-" + version.application();
    ExecutorSpecification executor = started(version, "exec node server.js " + mark);

    for (long pid : withArgument(mark)) {
      signal("KILL", pid);
    }

    await(executor, seen -> seen.state() == State.HEALTHY && seen.restarts() == 1);
    for (long pid : withArgument(mark)) {
      signal("KILL", pid);
    }
    signal("KILL", supervisor(version, executor.executor()));
    await(executor, State.GONE);
    awaitGone(mark);
  }

  /// Who can be asked to go on with the workflows of a process that ended has to tell it from the
  /// one after it; an SDK that nobody can ask goes on with those of its own name.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void processIsNamedAnewAtEachStartWhereItHasAnAdminPort(boolean adminHealth) throws Exception {
    VersionReference version = adopted(Map.of());
    String id = Identifiers.next("exe");
    ExecutorSpecification executor =
        executor(
            version,
            adminHealth,
            id,
            Map.of("DBOS__VMID", id),
            "echo \"$DBOS__VMID\" >> names; [ $(wc -l < names) -lt 2 ] || exec sleep 600");
    stage.runtime.start(fence(version), executor);

    List<String> names =
        Awaitility.await()
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(20))
            .until(
                () -> stage.runtime.read(version, "names").orElse("").lines().toList(),
                written -> written.size() == 2);

    assertThat(stage.runtime.observe(executor).process()).isEqualTo(names.getLast());
    if (adminHealth) {
      assertThat(names).doesNotHaveDuplicates().allMatch(name -> name.startsWith(id + "."));
    } else {
      assertThat(names).containsOnly(id);
    }
    stage.runtime.stop(fence(version), version, id, Duration.ofSeconds(1));
  }

  @Test
  void childThatHidesInASessionOfItsOwnEndsWithTheExecutor() throws Exception {
    String mark = "98765." + System.nanoTime();
    VersionReference version =
        adopted(
            Map.of(
                "server.js",
                SERVER
                    + "require('child_process').spawn('setsid', ['-f', 'env', '-i', 'sleep', '"
                    + mark
                    + "'], { detached: true, cwd: '/', stdio: 'ignore' });"));
    assumeTrue(namespaces(), "without namespaces it is found at the destroy only");
    ExecutorSpecification executor = started(version, "exec node server.js");
    Awaitility.await().atMost(PATIENCE).until(() -> !withArgument(mark).isEmpty());

    stage.runtime.stop(fence(version), version, executor.executor(), Duration.ofSeconds(1));

    assertThat(withArgument(mark)).isEmpty();
  }

  @Test
  void applicationIsAskedBeforeItIsEnded() throws Exception {
    VersionReference version =
        adopted(
            Map.of(
                "server.js",
                SERVER
                    + "process.on('SIGTERM', () => setTimeout(() => {"
                    + " console.log('was asked'); process.exit(0); }, 500));"));
    ExecutorSpecification polite = started(version, "node server.js");
    ExecutorSpecification stubborn =
        started(version, "exec node -e \"process.on('SIGTERM', () => {});" + SERVER + "\"");

    stage.runtime.stop(fence(version), version, polite.executor(), Duration.ofSeconds(30));
    stage.runtime.stop(fence(version), version, stubborn.executor(), Duration.ofMillis(200));

    Path log =
        stage
            .root
            .resolve(version.application())
            .resolve("log")
            .resolve(version.version() + '.' + polite.executor() + ".log");
    assertThat(Files.readAllLines(log))
        .anySatisfy(
            line ->
                assertThat(line)
                    .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z was asked"));
    assertThat(stage.runtime.observe(stubborn).state()).isEqualTo(State.GONE);
  }

  @Test
  void twoExecutorsOfOneVersionInsistOnTheSamePorts() throws Exception {
    VersionReference version =
        adopted(
            Map.of(
                "server.js",
                SERVER
                    + "require('http').createServer((q, a) => a.end(q.url)).listen(3001, '0.0.0.0');"
                    + "require('http').get('http://localhost:3000/', a => console.log('self', a.statusCode));"));
    ExecutorSpecification first = executor(version, true, "node server.js");
    ExecutorSpecification second = executor(version, true, "node server.js");

    stage.runtime.start(fence(version), first);
    stage.runtime.start(fence(version), second);

    for (ExecutorSpecification executor : List.of(first, second)) {
      await(executor, State.HEALTHY);
      assertThat(get(executor.endpoint(), "/", "any").body()).startsWith("from ");
      assertThat(get(executor.admin(), "/dbos-healthz", "wrong").statusCode()).isEqualTo(403);
      assertThat(get(executor.admin(), "/dbos-healthz", "token-of-a-test").body())
          .isEqualTo("/dbos-healthz");
    }
    List<String> listening =
        Stream.of("/proc/net/tcp", "/proc/net/tcp6")
            .flatMap(
                table -> {
                  try {
                    return Files.readAllLines(Path.of(table)).stream();
                  } catch (IOException e) {
                    throw new IllegalStateException(e);
                  }
                })
            .filter(line -> line.contains(":%04X ".formatted(first.endpoint().port())))
            .filter(line -> line.contains(" 0A "))
            .toList();
    assertThat(listening)
        .singleElement()
        .satisfies(line -> assertThat(line).contains(" 0100007F:"));
  }

  @Test
  void pythonServersMoveToTheirPortsToo() throws Exception {
    assumeTrue(
        new ProcessBuilder("/usr/bin/python3", "--version").start().waitFor() == 0,
        "there is no /usr/bin/python3");
    VersionReference version = adopted(Map.of("a.txt", "hello"));

    ExecutorSpecification executor = started(version, "exec /usr/bin/python3 -m http.server 3000");

    assertThat(get(executor.endpoint(), "/a.txt", "any").body()).isEqualTo("hello");
  }

  @Test
  void lostRunIsVanished() throws Exception {
    VersionReference version = adopted(Map.of("a.txt", "hello"));
    run(version, "migrate", Map.of(), Set.of(), "echo began", "sleep 600");

    signal("KILL", supervisor(version, "migrate"));

    assertThat(ended(version, "migrate")).isEqualTo(new CommandRun.Vanished());
    stage.runtime.clear(fence(version), version, "migrate");
    run(version, "migrate", Map.of(), Set.of(), "exit 5");
    assertThat(ended(version, "migrate")).isEqualTo(new CommandRun.Exited(5));
  }

  @Test
  void suspendedShellIsOvertaken() throws Exception {
    VersionReference version = adopted(Map.of("a.txt", "hello"));
    ExecutorSpecification executor =
        started(version, "exec node -e \"process.on('SIGTERM', () => {});" + SERVER + "\"");
    CompletableFuture<DriverFailure> late =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                stage.runtime.stop(
                    fence(version), version, executor.executor(), Duration.ofMinutes(1));
                throw new IllegalStateException("the late one acted");
              } catch (DriverFailure e) {
                return e;
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    long shell =
        Awaitility.await()
            .atMost(PATIENCE)
            .until(() -> withArgument(version.application()), pids -> !pids.isEmpty())
            .getFirst();
    signal("STOP", shell);

    stage.runtime.write(new Fence(version.application(), 2), version, "b.txt", "newer");

    assertThat(late.get()).isInstanceOf(DriverFailure.Fenced.class);
    assertThat(stage.runtime.read(version, "b.txt")).contains("newer");
  }

  /// Looking for everybody who ever had a claim would make each act slower than the one before.
  @Test
  void whoClaimedEarlierAndHoldsNothingIsLeftAlone() throws Exception {
    VersionReference version = adopted(Map.of("a.txt", "hello"));
    Process stranger = new ProcessBuilder("sleep", "600").start();
    try {
      Path fence = stage.root.resolve(".fences").resolve(version.application());
      Files.writeString(
          fence,
          "\n1:%d:%s:%s\n"
              .formatted(
                  stranger.pid(),
                  ProcessTable.find(stranger.pid()).orElseThrow().start(),
                  Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip()),
          StandardOpenOption.APPEND);

      stage.runtime.write(new Fence(version.application(), 2), version, "b.txt", "newer");

      assertThat(stage.runtime.read(version, "b.txt")).contains("newer");
      assertThat(stranger.isAlive()).isTrue();
    } finally {
      stranger.destroyForcibly();
    }
  }

  @Test
  void severalRunsAreClearedAtOnce() throws Exception {
    VersionReference version = adopted(Map.of("a.txt", "hello"));
    run(version, "setup", Map.of(), Set.of(), "sleep 600");
    run(version, "build", Map.of(), Set.of(), "sleep 600");
    long running = supervisor(version, "build");

    stage.runtime.clear(fence(version), version, List.of("install", "setup", "build"));

    assertThat(stage.runtime.look(version, "setup")).isEqualTo(new CommandRun.Absent());
    assertThat(stage.runtime.look(version, "build")).isEqualTo(new CommandRun.Absent());
    assertThat(ProcessTable.find(running).filter(ProcessTable.Entry::alive)).isEmpty();
  }

  @Test
  void secretsAreInNoFileLogOrCommandLine() throws Exception {
    String secret = "geheim" + System.nanoTime();
    VersionReference version = adopted(Map.of("server.js", SERVER));
    List<Endpoint> free = stage.runtime.freeEndpoints(Identifiers.next("exe")).limit(2).toList();
    var executor =
        new ExecutorSpecification(
            version,
            Identifiers.next("exe"),
            free.getFirst(),
            free.getLast(),
            List.of("echo \"first $PASSWORD\"; export OTHER=" + secret + "; exec node server.js"),
            Map.of("PASSWORD", secret),
            Set.of(secret),
            512,
            secret,
            false);
    String half = "x".repeat(8192 - 7);

    stage.runtime.start(fence(version), executor);
    await(executor, State.HEALTHY);
    run(
        version,
        "setup",
        Map.of("PASSWORD", secret),
        Set.of(secret),
        "echo \"$PASSWORD\"; echo \"mail $PASSWORD here\" >&2; echo \"" + half + "$PASSWORD\"");
    assertThat(ended(version, "setup")).isEqualTo(new CommandRun.Exited(0));

    for (long pid : ProcessTable.all()) {
      assertThat(commandLine(pid)).doesNotContain(secret);
    }
    assertThat(stage.runtime.tail(version, "setup", 10))
        .startsWith("***", "mail *** here")
        .noneMatch(line -> line.contains("geheim"));
    Process scan =
        new ProcessBuilder("grep", "-rlF", "--devices=skip", secret, stage.root.toString())
            .redirectErrorStream(true)
            .start();
    assertThat(new String(scan.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void hostileApplicationReachesNothingOfThePlatformOrOfOthers() throws Exception {
    Path keys = Files.createDirectories(stage.folder.resolve("keys"));
    Files.writeString(keys.resolve("master.key"), "the platform's key");
    new ProcessBuilder("chmod", "-R", "go-rwx", keys.toString()).start().waitFor();
    VersionReference victim = adopted(Map.of("server.js", SERVER, "secret.txt", "another's"));
    ExecutorSpecification running = started(victim, "exec node server.js victim");
    long platform = ProcessHandle.current().pid();
    VersionReference hostile =
        adopted(
            Map.of(
                "attack.js",
                """
                const fs = require('fs');
                const tried = [];
                const attempt = (name, act) => {
                  try { const got = act(); tried.push(name + ' REACHED ' + String(got).slice(0, 60)); }
                  catch (e) { tried.push(name + ' refused ' + e.code); }
                };
                const root = process.env.ROOT;
                attempt('keys', () => fs.readFileSync(process.env.KEYS, 'utf8'));
                attempt('other', () => fs.readFileSync(process.env.OTHER, 'utf8'));
                attempt('others', () => fs.readdirSync(root));
                attempt('fences', () => fs.readdirSync(root + '/.fences'));
                attempt('logs', () => fs.readdirSync(process.env.OWN + '/log'));
                attempt('shadow', () => fs.readFileSync('/etc/shadow', 'utf8'));
                attempt('environ', () => fs.readFileSync('/proc/' + process.env.PLATFORM + '/environ', 'utf8'));
                attempt('kill', () => process.kill(Number(process.env.PLATFORM), 0));
                attempt('authority', () => fs.appendFileSync('.slipway/ca.pem', 'mine'));
                attempt('scripts', () => fs.appendFileSync(process.env.SCRIPTS + '/preload.cjs', 'mine'));
                attempt('usr', () => fs.writeFileSync('/usr/mine', 'mine'));
                fs.writeFileSync('/tmp/own', 'own');
                fs.writeFileSync('own', 'own');
                fs.writeFileSync(process.env.HOME + '/own', 'own');
                console.log(tried.join('\\n'));
                console.log('processes ' + fs.readdirSync('/proc').filter(n => /^\\d+$/.test(n)).length);
                console.log('user ' + process.getuid());
                console.log(fs.readFileSync('.slipway/ca.pem', 'utf8'));
                """));
    Path scripts;
    try (Stream<Path> entries = Files.list(stage.root)) {
      scripts =
          entries
              .filter(entry -> entry.getFileName().toString().startsWith(".driver-"))
              .findFirst()
              .orElseThrow();
    }

    List<String> lines =
        output(
            hostile,
            0,
            Map.of(
                "ROOT", stage.root.toString(),
                "KEYS", keys.resolve("master.key").toString(),
                "OWN", stage.root.resolve(hostile.application()).toString(),
                "SCRIPTS", scripts.toString(),
                "PLATFORM", Long.toString(platform),
                "OTHER",
                    stage
                        .root
                        .resolve(victim.application())
                        .resolve("versions")
                        .resolve(victim.version())
                        .resolve("app/secret.txt")
                        .toString()),
            "node attack.js");

    assertThat(lines).contains("the authority of a test");
    assertThat(lines.stream().filter(line -> line.contains(" refused ")))
        .hasSizeGreaterThanOrEqualTo(namespaces() ? 10 : 9);
    assertThat(lines.stream().filter(line -> line.contains("REACHED")).toList())
        .as("an own view of the machine may have an own folder of that name")
        .allSatisfy(line -> assertThat(line).matches("others REACHED (\\.driver-|app_|,|\\w)*"));
    assertThat(lines).doesNotContain("user 0");
    assertThat(stage.runtime.observe(running).state()).isEqualTo(State.HEALTHY);
  }

  @Test
  void whatTheMachineTrustsIsTrustedBesideThePlatformsAuthority() throws Exception {
    VersionReference version = adopted(Map.of("a.txt", "a"));
    String trusted = stage.runtime.trustedCertificates(version);

    List<String> lines = output(version, 0, Map.of("TRUSTED", trusted), "cat \"$TRUSTED\"");

    assertThat(lines)
        .containsSequence(
            "the authority of a test",
            "",
            "-----BEGIN CERTIFICATE-----",
            "an authority of the machine",
            "-----END CERTIFICATE-----")
        .as("a key may lie in the same file")
        .doesNotContain("of the machine");
    assertThat(stage.runtime.certificateAuthority(version)).isNotEqualTo(trusted);
  }

  @Test
  void environmentMeansNothingToThePlatformsOwnShells() throws Exception {
    VersionReference version = adopted(Map.of("trap.sh", "echo trapped >> /tmp/trapped\n"));
    Path witness =
        stage
            .root
            .resolve(version.application())
            .resolve("versions")
            .resolve(version.version())
            .resolve("app/trap.sh");

    List<String> lines =
        output(
            version,
            0,
            Map.of(
                "BASH_ENV", witness.toString(),
                "LD_PRELOAD", "/nowhere/hostile.so",
                "IFS", "x",
                "UID", "0",
                "SLIPWAY_UID", "0",
                "run", "elsewhere",
                "QUOTED", "a 'b' \"c\" $(id)\nsecond line"),
            "test ! -e /tmp/trapped && echo \"$QUOTED\"; echo $run");

    assertThat(lines).contains("a 'b' \"c\" $(id)", "second line", "elsewhere");
  }

  @Test
  void badEnvironmentIsRefused() throws Exception {
    VersionReference version = adopted(Map.of("a.txt", "hello"));

    for (Map<String, String> environment :
        List.of(Map.of("a-b", "c"), Map.of("A", "x\0y"), Map.of("A", "x".repeat(200_000)))) {
      assertThatExceptionOfType(DriverFailure.Permanent.class)
          .isThrownBy(() -> run(version, "setup", environment, Set.of(), "exit 0"))
          .extracting(DriverFailure::code)
          .isEqualTo("bad-environment");
    }
  }

  @Test
  void fullDiskLosesLinesAndNothingElse() throws Exception {
    VersionReference version = adopted(Map.of("a.txt", "hello"));
    Path log = stage.root.resolve(version.application()).resolve("log");
    Files.createSymbolicLink(log.resolve(version.version() + ".setup.log"), Path.of("/dev/full"));

    run(version, "setup", Map.of(), Set.of(), "seq 1 50000", "exit 9");

    assertThat(ended(version, "setup")).isEqualTo(new CommandRun.Exited(9));
  }

  @Test
  void longOutputIsRotated() throws Exception {
    VersionReference version = adopted(Map.of("a.txt", "hello"));
    String line = "y".repeat(4000);

    run(version, "setup", Map.of(), Set.of(), "yes " + line + " | head -n 4000; echo the end");

    assertThat(ended(version, "setup")).isEqualTo(new CommandRun.Exited(0));
    Path log =
        stage
            .root
            .resolve(version.application())
            .resolve("log")
            .resolve(version.version() + ".setup.log");
    assertThat(log.resolveSibling(log.getFileName() + ".1")).exists();
    assertThat(Files.size(log)).isLessThan(10_500_000);
    assertThat(stage.runtime.tail(version, "setup", 2)).containsExactly(line, "the end");
  }

  @Test
  void keptTreeCannotBeChangedThroughAVersion() throws Exception {
    VersionReference first =
        adopted(Map.of("node_modules/left/index.js", "module.exports = 'left';\n"));
    stage.runtime.keepTree(fence(first), first, "t1");
    var second = new VersionReference(first.application(), "1700000000002");
    adopt(second, Map.of("a.txt", "hello"));
    assertThat(stage.runtime.useTree(fence(second), second, "t1")).isTrue();

    output(
        second,
        0,
        Map.of(),
        "! sh -c 'echo hostile >> node_modules/left/index.js'",
        "echo own > node_modules/left/more.js",
        "rm node_modules/left/index.js",
        "echo replaced > node_modules/left/index.js");

    var third = new VersionReference(first.application(), "1700000000003");
    adopt(third, Map.of("a.txt", "hello"));
    assertThat(stage.runtime.useTree(fence(third), third, "t1")).isTrue();
    assertThat(stage.runtime.read(third, "node_modules/left/index.js"))
        .contains("module.exports = 'left';\n");
    assertThat(stage.runtime.read(third, "node_modules/left/more.js")).isEmpty();
    assertThat(stage.runtime.read(first, "node_modules/left/index.js"))
        .contains("module.exports = 'left';\n");
  }

  @Test
  void linksOfAnApplicationLeadThePlatformNowhere() throws Exception {
    Path outside = Files.createDirectory(stage.folder.resolve("outside-" + System.nanoTime()));
    Files.writeString(outside.resolve("secret.txt"), "secret");
    VersionReference version = adopted(Map.of("a.txt", "hello"));
    output(
        version,
        0,
        Map.of(),
        "ln -s " + outside + " folder",
        "ln -s " + outside.resolve("secret.txt") + " file.txt",
        "mkfifo pipe");

    assertThat(stage.runtime.read(version, "file.txt")).isEmpty();
    assertThat(stage.runtime.read(version, "folder/secret.txt")).isEmpty();
    assertThat(stage.runtime.read(version, "pipe")).isEmpty();
    assertThatExceptionOfType(DriverFailure.Permanent.class)
        .isThrownBy(
            () -> stage.runtime.write(fence(version), version, "folder/secret.txt", "overwritten"))
        .extracting(DriverFailure::code)
        .isEqualTo("unsafe-path");
    stage.runtime.write(fence(version), version, "file.txt", "replaced");
    assertThat(stage.runtime.read(version, "file.txt")).contains("replaced");
    assertThat(outside.resolve("secret.txt")).hasContent("secret");
  }

  @Test
  void memoryIsLimited() throws Exception {
    VersionReference version = adopted(Map.of("a.txt", "hello"));

    run(
        version,
        "setup",
        Map.of(),
        Set.of(),
        "node -e \"const all = []; for (let i = 0; i < 1000; i++) all.push(Buffer.alloc(10e6, 1))\"");

    assertThat(ended(version, "setup"))
        .isInstanceOfSatisfying(
            CommandRun.Exited.class, exited -> assertThat(exited.status()).isNotZero());
  }

  @Test
  void commandsGiveWayToWhatServes() throws Exception {
    VersionReference version =
        adopted(Map.of("server.js", SERVER.replace("process.pid", "require('os').getPriority()")));

    assertThat(output(version, 0, Map.of(), "nice")).containsExactly("10");
    ExecutorSpecification executor = started(version, "exec node server.js");

    assertThat(get(executor.endpoint(), "/", "").body()).isEqualTo("from 0");
  }

  @Test
  void answerWithoutAnEndDoesNotHoldTheObserver() throws Exception {
    VersionReference version =
        adopted(
            Map.of(
                "server.js",
                SERVER
                    + "require('http').createServer((q, a) => { a.writeHead(200);"
                    + " setInterval(() => a.write('x'.repeat(10000)), 1); }).listen(3001);"));
    ExecutorSpecification executor = executor(version, true, "exec node server.js");

    stage.runtime.start(fence(version), executor);

    assertThat(await(executor, State.HEALTHY).reason()).isNull();
  }

  @Test
  void applicationInheritsNothingButItsThreeStreams() throws Exception {
    VersionReference version =
        adopted(
            Map.of(
                "open.js",
                """
                const fs = require('fs');
                for (const fd of fs.readdirSync('/proc/self/fd')) {
                  try {
                    const to = fs.readlinkSync('/proc/self/fd/' + fd);
                    if (to.startsWith('/') && !to.startsWith('/dev/') && !to.startsWith('/proc/')) {
                      console.log('open ' + to);
                    }
                  } catch (e) { /* the one that listed them */ }
                }
                console.log('keys ' + Object.keys(process.env).filter(k => k.startsWith('SLIPWAY')));
                """));

    List<String> lines = output(version, 0, Map.of(), "node open.js");

    assertThat(lines).containsExactly("keys SLIPWAY_RUN");
  }

  @Test
  void logsOutliveTheirVersionForTwentyVersions() throws Exception {
    VersionReference version = adopted(Map.of("a.txt", "hello"));
    Path log = stage.root.resolve(version.application()).resolve("log");
    output(version, 0, Map.of(), "echo here");
    for (int number = 1; number <= 22; number++) {
      Files.writeString(log.resolve(number + ".setup.log"), "");
    }

    stage.runtime.discard(fence(version), version);

    assertThat(stage.runtime.tail(version, "setup", 1)).containsExactly("here");
    assertThat(log.resolve("3.setup.log")).doesNotExist();
    assertThat(log.resolve("4.setup.log")).exists();
  }
}
