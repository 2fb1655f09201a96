package dev.slipway.deploy.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.Trashed;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What every runtime of applications does, whatever runs underneath. A runtime's own test extends
/// this.
public abstract class ApplicationRuntimeContract {

  protected static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final AtomicLong VERSIONS = new AtomicLong(1_700_000_000_000L);

  @TempDir private Path temporary;

  /// The runtime under test.
  protected abstract ApplicationRuntime runtime();

  /// A runtime object of its own on the same reality, as after a restart of the service.
  protected abstract ApplicationRuntime restarted();

  /// Commands of an application that listens on port 3000 and never ends by itself.
  protected abstract List<String> healthy();

  protected static VersionReference version() {
    return nextOf(Identifiers.next("app"));
  }

  protected static VersionReference nextOf(String application) {
    return new VersionReference(application, Long.toString(VERSIONS.incrementAndGet()));
  }

  protected static Fence fence(VersionReference version, long epoch) {
    return new Fence(version.application(), epoch);
  }

  /// A folder as the unpacking of an archive leaves it.
  protected Path unpacked() throws Exception {
    Path folder = Files.createTempDirectory(temporary, "unpacked-");
    Files.writeString(folder.resolve("package.json"), "{\"name\":\"shop\"}");
    Files.createDirectory(folder.resolve("src"));
    Files.writeString(folder.resolve("src").resolve("main.js"), "console.log('hello');\n");
    Path left = Files.createDirectories(folder.resolve("node_modules").resolve("left"));
    Files.writeString(left.resolve("index.js"), "module.exports = 'left';\n");
    return folder;
  }

  protected VersionReference adopted() throws Exception {
    VersionReference version = version();
    runtime().adopt(fence(version, 1), version, unpacked());
    return version;
  }

  protected static CommandSpecification command(
      VersionReference version, String name, String... commands) {
    return new CommandSpecification(
        version, name, List.of(commands), Map.of(), Set.of(), 512, true);
  }

  protected ExecutorSpecification executor(VersionReference version, List<String> start) {
    String executor = Identifiers.next("exe");
    List<Endpoint> endpoints = runtime().freeEndpoints(executor).limit(2).toList();
    return new ExecutorSpecification(
        version,
        executor,
        endpoints.getFirst(),
        endpoints.getLast(),
        start,
        Map.of(),
        Set.of(),
        512,
        "token-of-a-test",
        false);
  }

  protected CommandRun ended(VersionReference version, String name) {
    return Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> runtime().look(version, name), run -> !(run instanceof CommandRun.Running));
  }

  protected ExecutorObservation awaitState(
      ExecutorSpecification executor, ExecutorObservation.State state) {
    return awaitObservation(executor, seen -> seen.state() == state);
  }

  protected ExecutorObservation awaitObservation(
      ExecutorSpecification executor, Predicate<ExecutorObservation> wanted) {
    return Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> runtime().observe(executor), wanted);
  }

  protected void destroy(VersionReference version, long epoch) throws Exception {
    runtime().destroy(fence(version, epoch), version.application(), List.of());
  }

  protected List<Resource> found(VersionReference version) throws Exception {
    return runtime().inventory().stream()
        .filter(found -> found.subject().equals(version.application()))
        .map(Found::resource)
        .toList();
  }

  protected static void assertFenced(ThrowingCallable act) {
    assertThatExceptionOfType(DriverFailure.Fenced.class).isThrownBy(act);
  }

  protected static void assertRefused(String code, ThrowingCallable act) {
    assertThatExceptionOfType(DriverFailure.Permanent.class)
        .isThrownBy(act)
        .extracting(DriverFailure::code)
        .isEqualTo(code);
  }

  @Test
  void adoptedFolderIsReadAndItsSourceIsGone() throws Exception {
    VersionReference version = version();
    Path source = unpacked();

    runtime().adopt(fence(version, 1), version, source);

    assertThat(source).doesNotExist();
    assertThat(runtime().read(version, "package.json")).contains("{\"name\":\"shop\"}");
    assertThat(runtime().read(version, "src/main.js")).contains("console.log('hello');\n");
    assertThat(runtime().read(version, "absent.json")).isEmpty();
    assertThat(found(version)).contains(runtime().folder(version));
    destroy(version, 2);
  }

  @Test
  void trashKeepsTheFilesAndEndsWhatRuns() throws Exception {
    VersionReference version = adopted();
    ExecutorSpecification executor = executor(version, healthy());
    runtime().start(fence(version, 1), executor);
    List<Resource> expected = new ArrayList<>(runtime().footprint(executor));
    expected.add(runtime().folder(version));

    Trashed trashed = runtime().moveToTrash(version.application(), expected);

    assertThat(trashed.folder()).isNotNull();
    assertThat(trashed.gone().proofs()).containsKeys(expected.toArray(Resource[]::new));
    assertThat(found(version)).isEmpty();
    assertThat(runtime().observe(executor).state()).isEqualTo(ExecutorObservation.State.GONE);
    Trashed again = runtime().moveToTrash(version.application(), expected);
    assertThat(again.folder()).isNull();
    assertThat(again.gone().proofs()).containsKeys(expected.toArray(Resource[]::new));
  }

  @Test
  void whatIsStillThereIsNotProvenGone() throws Exception {
    VersionReference version = adopted();
    List<Resource> folder = List.of(runtime().folder(version));
    ExecutorSpecification executor = executor(version, healthy());
    List<Resource> running = runtime().footprint(executor);
    String application = version.application();
    runtime().start(fence(version, 1), executor);

    assertThatExceptionOfType(DriverFailure.Transient.class)
        .isThrownBy(() -> runtime().proveGone(application, running));
    runtime().stop(fence(version, 1), version, executor.executor(), Duration.ZERO);
    assertThat(runtime().proveGone(application, running).proofs()).containsOnlyKeys(running);
    assertThatExceptionOfType(DriverFailure.Transient.class)
        .isThrownBy(() -> runtime().proveGone(application, folder));
    runtime().discard(fence(version, 1), version);
    assertThat(runtime().proveGone(application, folder).proofs()).containsOnlyKeys(folder);
    destroy(version, 2);
  }

  @Test
  void adoptingAgainKeepsWhatIsThereAndRemovesTheSource() throws Exception {
    VersionReference version = adopted();
    runtime().write(fence(version, 1), version, "package.json", "changed");
    Path second = unpacked();

    runtime().adopt(fence(version, 1), version, second);

    assertThat(second).doesNotExist();
    assertThat(runtime().read(version, "package.json")).contains("changed");
    runtime().adopt(fence(version, 1), version, second);
    destroy(version, 2);
  }

  @Test
  void whatWasNeverUnpackedIsRefused() throws Exception {
    VersionReference version = version();
    Fence fence = fence(version, 1);
    Path nothing = temporary.resolve("nothing");

    assertRefused("not-unpacked", () -> runtime().adopt(fence, version, nothing));
    assertRefused("not-unpacked", () -> runtime().read(version, "package.json"));
    assertRefused("not-unpacked", () -> runtime().write(fence, version, "a", "b"));
    assertRefused(
        "not-unpacked", () -> runtime().begin(fence, command(version, "install", "exit 0")));
    assertRefused("not-unpacked", () -> runtime().start(fence, executor(version, healthy())));
    assertRefused("not-unpacked", () -> runtime().useTree(fence, version, "t1"));
    assertRefused("not-unpacked", () -> runtime().keepTree(fence, version, "t1"));
    destroy(version, 2);
  }

  @Test
  void writtenTextIsReadAgain() throws Exception {
    VersionReference version = adopted();
    String text = "name: shop\nruntimeConfig:\n  start: ['größer']\n";

    runtime().write(fence(version, 1), version, "dbos-config.yaml", text);
    runtime().write(fence(version, 1), version, "dbos-config.yaml", text);

    assertThat(runtime().read(version, "dbos-config.yaml")).contains(text);
    destroy(version, 2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/etc/passwd", "../secret", "src/../../secret", "a\0b"})
  void pathsThatLeaveTheFolderAreAMistakeOfTheCaller(String path) throws Exception {
    VersionReference version = adopted();

    assertThatIllegalArgumentException().isThrownBy(() -> runtime().read(version, path));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> runtime().write(fence(version, 1), version, path, "text"));
    destroy(version, 2);
  }

  @Test
  void runGivesItsOutputAndItsStatus() throws Exception {
    VersionReference version = adopted();

    runtime()
        .begin(
            fence(version, 1),
            command(version, "install", "echo first", "echo second", "exit 3", "echo never"));

    assertThat(ended(version, "install")).isEqualTo(new CommandRun.Exited(3));
    assertThat(runtime().tail(version, "install", 10)).containsExactly("first", "second");
    assertThat(runtime().tail(version, "install", 1)).containsExactly("second");
    assertThat(runtime().look(version, "build")).isEqualTo(new CommandRun.Absent());
    destroy(version, 2);
  }

  @Test
  void runIsBegunOnceUntilItIsCleared() throws Exception {
    VersionReference version = adopted();
    CommandSpecification once = command(version, "migrate", "echo once");
    runtime().begin(fence(version, 1), once);
    assertThat(ended(version, "migrate")).isEqualTo(new CommandRun.Exited(0));

    runtime().begin(fence(version, 1), once);
    restarted().begin(fence(version, 2), once);

    assertThat(ended(version, "migrate")).isEqualTo(new CommandRun.Exited(0));
    assertThat(runtime().tail(version, "migrate", 10)).containsExactly("once");
    runtime().clear(fence(version, 2), version, "migrate");
    runtime().clear(fence(version, 2), version, "migrate");
    assertThat(runtime().look(version, "migrate")).isEqualTo(new CommandRun.Absent());
    assertThat(runtime().tail(version, "migrate", 10)).containsExactly("once");
    runtime().begin(fence(version, 2), command(version, "migrate", "exit 4"));
    assertThat(ended(version, "migrate")).isEqualTo(new CommandRun.Exited(4));
    destroy(version, 3);
  }

  @Test
  void runOutlivesTheServiceAndTheEpochItWasBegunUnder() throws Exception {
    VersionReference version = adopted();
    runtime().begin(fence(version, 1), command(version, "build", "echo began", "sleep 600"));

    restarted().write(fence(version, 2), version, "later.txt", "later");

    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> restarted().look(version, "build"), new CommandRun.Running(1)::equals);
    restarted().clear(fence(version, 2), version, "build");
    assertThat(runtime().look(version, "build")).isEqualTo(new CommandRun.Absent());
    destroy(version, 3);
  }

  /// What a Dockerfile begins with that this runtime can build.
  protected String base() {
    return "node:20-bookworm-slim";
  }

  @Test
  void ownDockerfileIsBuiltAndTheFolderIsWhatItMakesUntilTheArchiveIsAdoptedAgain()
      throws Exception {
    Assumptions.assumeTrue(runtime().builds(), "this runtime builds no Dockerfile");
    VersionReference version = version();
    String dockerfile = "FROM %s\nWORKDIR /srv\nCOPY package.json ./\n".formatted(base());
    Path folder = unpacked();
    Files.writeString(folder.resolve("Dockerfile"), dockerfile);
    runtime().adopt(fence(version, 1), version, folder);
    assertThat(runtime().look(version, "build")).isEqualTo(new CommandRun.Absent());

    runtime().build(fence(version, 1), version, "build", Set.of());
    runtime().build(fence(version, 1), version, "build", Set.of());
    assertThat(ended(version, "build")).isEqualTo(new CommandRun.Exited(0));
    runtime().useBuilt(fence(version, 1), version, "build");
    runtime().useBuilt(fence(version, 1), version, "build");

    assertThat(restarted().look(version, "build")).isEqualTo(new CommandRun.Exited(0));
    assertThat(runtime().read(version, "package.json")).contains("{\"name\":\"shop\"}");
    runtime().begin(fence(version, 1), command(version, "migrate", "echo migrates"));
    assertThat(ended(version, "migrate")).isEqualTo(new CommandRun.Exited(0));
    assertThat(runtime().tail(version, "migrate", 5)).containsExactly("migrates");
    Path again = unpacked();
    Files.writeString(again.resolve("Dockerfile"), dockerfile);
    runtime().adopt(fence(version, 2), version, again);
    assertThat(runtime().read(version, "Dockerfile")).contains(dockerfile);
    assertThat(runtime().look(version, "build")).isEqualTo(new CommandRun.Absent());
    destroy(version, 3);
    assertThat(found(version)).isEmpty();
  }

  @Test
  void secretsAreMaskedInWhatARunWrites() throws Exception {
    VersionReference version = adopted();
    var command =
        new CommandSpecification(
            version,
            "setup",
            List.of("echo the password is s3cr3t*[x] and s3cr3t*[x] again"),
            Map.of(),
            Set.of("s3cr3t*[x]", "another"),
            512,
            true);

    runtime().begin(fence(version, 1), command);

    assertThat(ended(version, "setup")).isEqualTo(new CommandRun.Exited(0));
    assertThat(runtime().tail(version, "setup", 5))
        .singleElement()
        .satisfies(line -> assertThat(line).startsWith("the password is ").contains("again"))
        .satisfies(line -> assertThat(line).doesNotContain("s3cr3t"));
    destroy(version, 2);
  }

  @Test
  void keptTreeIsUsedByLaterVersionsAndForgottenOnDemand() throws Exception {
    VersionReference first = adopted();
    String tree = "tree-" + first.version();
    Fence fence = fence(first, 1);

    assertThat(runtime().useTree(fence, first, tree)).isFalse();
    runtime().keepTree(fence, first, tree);
    runtime().keepTree(fence, first, tree);
    VersionReference second = nextOf(first.application());
    runtime().adopt(fence, second, unpacked());
    assertThat(runtime().useTree(fence, second, tree)).isTrue();
    assertThat(runtime().useTree(fence, second, tree)).isTrue();
    runtime().forgetTrees(List.of(tree));
    assertThat(runtime().useTree(fence, second, tree)).isTrue();
    runtime().forgetTrees(List.of());
    assertThat(runtime().useTree(fence, second, tree)).isFalse();
    destroy(first, 2);
  }

  @Test
  void startedExecutorIsHealthyAndStoppedOneIsGone() throws Exception {
    VersionReference version = adopted();
    ExecutorSpecification executor = executor(version, healthy());
    assertThat(runtime().observe(executor).state()).isEqualTo(ExecutorObservation.State.GONE);

    runtime().start(fence(version, 1), executor);

    assertThat(awaitState(executor, ExecutorObservation.State.HEALTHY).reason()).isNull();
    assertThat(found(version)).contains(new Resource("process", executor.executor()));
    assertThat(runtime().footprint(executor)).hasSize(3);
    assertThat(runtime().freeEndpoints(Identifiers.next("exe")))
        .doesNotContain(executor.endpoint());
    runtime().start(fence(version, 2), executor);
    assertThat(restarted().observe(executor).state()).isEqualTo(ExecutorObservation.State.HEALTHY);
    runtime().stop(fence(version, 2), version, executor.executor(), GRACE);
    runtime().stop(fence(version, 2), version, executor.executor(), GRACE);
    assertThat(runtime().observe(executor).state()).isEqualTo(ExecutorObservation.State.GONE);
    assertThat(runtime().observe(executor).reason()).isNotNull();
    assertThat(found(version)).doesNotContain(new Resource("process", executor.executor()));
    destroy(version, 3);
  }

  @Test
  void executorThatEndsIsRestartingAndOneThatDoesNotListenIsSilent() throws Exception {
    VersionReference version = adopted();
    ExecutorSpecification ending = executor(version, List.of("exit 7"));
    runtime().start(fence(version, 1), ending);
    ExecutorSpecification sleeping = executor(version, List.of("sleep 600"));
    runtime().start(fence(version, 1), sleeping);

    ExecutorObservation restarting =
        awaitObservation(
            ending,
            seen -> seen.state() == ExecutorObservation.State.RESTARTING && seen.restarts() > 0);

    assertThat(restarting.reason()).isNotNull();
    assertThat(awaitState(sleeping, ExecutorObservation.State.SILENT).reason()).isNotNull();
    runtime().stop(fence(version, 1), version, ending.executor(), GRACE);
    assertThat(runtime().observe(ending).state()).isEqualTo(ExecutorObservation.State.GONE);
    destroy(version, 2);
  }

  @Test
  void discardEndsWhatRunsInTheVersionAndLeavesTheOthers() throws Exception {
    VersionReference first = adopted();
    VersionReference second = nextOf(first.application());
    runtime().adopt(fence(first, 1), second, unpacked());
    runtime().begin(fence(first, 1), command(first, "build", "sleep 600"));
    ExecutorSpecification ended = executor(first, healthy());
    runtime().start(fence(first, 1), ended);
    awaitState(ended, ExecutorObservation.State.HEALTHY);
    ExecutorSpecification kept = executor(second, healthy());
    runtime().start(fence(first, 1), kept);

    runtime().discard(fence(first, 2), first);
    runtime().discard(fence(first, 2), first);

    assertThat(runtime().observe(ended).state()).isEqualTo(ExecutorObservation.State.GONE);
    assertThat(runtime().look(first, "build")).isEqualTo(new CommandRun.Absent());
    assertThat(found(first))
        .contains(runtime().folder(second))
        .doesNotContain(runtime().folder(first));
    awaitState(kept, ExecutorObservation.State.HEALTHY);
    destroy(first, 3);
  }

  @Test
  void destroyLeavesNothingAndProvesIt() throws Exception {
    VersionReference version = adopted();
    ExecutorSpecification executor = executor(version, healthy());
    runtime().begin(fence(version, 1), command(version, "build", "sleep 600"));
    runtime().start(fence(version, 1), executor);
    List<Resource> expected = runtime().footprint(executor);

    Gone gone = runtime().destroy(fence(version, 2), version.application(), expected);

    assertThat(gone.proofs())
        .containsKeys(expected.toArray(Resource[]::new))
        .containsKey(runtime().folder(version));
    assertThat(found(version)).isEmpty();
    assertThat(runtime().observe(executor).state()).isEqualTo(ExecutorObservation.State.GONE);
    assertThat(runtime().freeEndpoints(Identifiers.next("exe")))
        .contains(executor.endpoint(), executor.admin());
    destroy(version, 2);
  }

  @Test
  void destroyOfWhatNeverWasProvesThatToo() throws Exception {
    VersionReference version = version();
    List<Resource> expected = runtime().footprint(executor(version, healthy()));

    Gone gone = runtime().destroy(fence(version, 1), version.application(), expected);

    assertThat(gone.proofs()).containsKeys(expected.toArray(Resource[]::new));
  }

  @Test
  void lowerEpochIsRefusedByEveryActAndLeavesNothing() throws Exception {
    VersionReference version = version();
    destroy(version, 7);
    Fence late = fence(version, 6);
    Path source = unpacked();
    ExecutorSpecification executor = executor(version, healthy());

    assertFenced(() -> runtime().adopt(late, version, source));
    assertFenced(() -> runtime().write(late, version, "a", "b"));
    assertFenced(() -> runtime().begin(late, command(version, "install", "exit 0")));
    assertFenced(() -> runtime().clear(late, version, "install"));
    assertFenced(() -> runtime().useTree(late, version, "t"));
    assertFenced(() -> runtime().keepTree(late, version, "t"));
    assertFenced(() -> runtime().start(late, executor));
    assertFenced(() -> runtime().stop(late, version, executor.executor(), GRACE));
    assertFenced(() -> runtime().discard(late, version));
    assertFenced(() -> restarted().destroy(late, version.application(), List.of()));
    assertThat(found(version)).isEmpty();
    runtime().adopt(fence(version, 7), version, source);
    destroy(version, 8);
  }

  @Test
  void fenceOfAnotherApplicationIsAMistakeOfTheCaller() throws Exception {
    VersionReference version = version();
    Fence foreign = fence(version(), 1);
    Path source = unpacked();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> runtime().adopt(foreign, version, source));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> runtime().destroy(foreign, version.application(), List.of()));
    assertThat(runtime().name()).isNotBlank();
    assertThat(runtime().isolation()).isNotBlank();
  }

  @Test
  void endpointInUseIsRefusedAtTheStart() throws Exception {
    VersionReference version = adopted();
    ExecutorSpecification first = executor(version, healthy());
    runtime().start(fence(version, 1), first);
    awaitState(first, ExecutorObservation.State.HEALTHY);
    var second =
        new ExecutorSpecification(
            version,
            Identifiers.next("exe"),
            first.endpoint(),
            runtime().freeEndpoints(Identifiers.next("exe")).findFirst().orElseThrow(),
            healthy(),
            Map.of(),
            Set.of(),
            512,
            "another-token",
            false);

    assertRefused("port-taken", () -> runtime().start(fence(version, 1), second));
    assertThat(runtime().observe(second).state()).isEqualTo(ExecutorObservation.State.GONE);
    destroy(version, 2);
  }
}
