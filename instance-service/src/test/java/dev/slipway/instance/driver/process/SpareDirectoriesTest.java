package dev.slipway.instance.driver.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.instance.driver.InstanceSpecification;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Copies that wait for an instance: each goes to one, none is needed, none is left over.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class SpareDirectoriesTest {

  @SuppressWarnings("NullAway.Init") // set before each test
  private ProcessStage stage;

  @SuppressWarnings("NullAway.Init") // set before each test
  private ProcessInstanceDriver driver;

  @BeforeEach
  void open() throws Exception {
    stage = ProcessStage.unprepared();
    driver = stage.open(stage.settings().withSpares(2));
  }

  @AfterEach
  void close() {
    stage.close();
  }

  private List<Path> spares() throws IOException {
    var found = new ArrayList<Path>();
    if (Files.exists(stage.root.resolve(".spares"))) {
      try (DirectoryStream<Path> entries =
          Files.newDirectoryStream(stage.root.resolve(".spares"))) {
        entries.forEach(found::add);
      }
    }
    return found;
  }

  private void create(InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    driver.create(ProcessStage.fence(specification, 1), specification);
  }

  private static Object inode(Path path) throws IOException {
    return Files.getAttribute(path, "unix:ino");
  }

  @Test
  void instanceOnASpareIsAsGoodAsAny() throws Exception {
    driver.makeSpares();
    List<Object> waiting = new ArrayList<>();
    for (Path spare : spares()) {
      waiting.add(inode(spare));
    }
    assertThat(waiting).hasSize(2);
    InstanceSpecification specification = stage.specification();
    Fence fence = ProcessStage.fence(specification, 1);

    create(specification);
    driver.start(fence, specification);
    driver.secure(fence, specification, "demo_db", ScramVerifier.of("a password".toCharArray()));

    assertThat(inode(stage.root.resolve(specification.instance()).resolve("data"))).isIn(waiting);
    assertThat(spares()).hasSize(1);
    assertThat(stage.connect(specification, "demo_db", "a password").isValid(5)).isTrue();
    assertThat(Files.readString(stage.root.resolve(specification.instance()).resolve("owner")))
        .contains(stage.installation);
  }

  @Test
  void ofManyAtOnceEachHasItsOwnAndTheRestIsCopied() throws Exception {
    driver.makeSpares();
    List<InstanceSpecification> specifications = new ArrayList<>();
    List<Future<?>> calls = new ArrayList<>();
    try (var callers = Executors.newFixedThreadPool(6)) {
      for (int i = 0; i < 6; i++) {
        InstanceSpecification specification = stage.specification();
        specifications.add(specification);
        calls.add(
            callers.submit(
                () -> {
                  create(specification);
                  return null;
                }));
      }
      for (Future<?> call : calls) {
        call.get(60, TimeUnit.SECONDS);
      }
    }

    for (InstanceSpecification specification : specifications) {
      Path home = stage.root.resolve(specification.instance());
      assertThat(home.resolve("complete")).exists();
      assertThat(home.resolve("data/global/pg_control")).exists();
    }
    assertThat(spares()).isEmpty();
  }

  @Test
  void thoseTakenAreReplacedWhenNobodyProvisionsAnyMore() throws Exception {
    driver.makeSpares();

    create(stage.specification());

    assertThat(spares()).hasSize(1);
    await().atMost(Duration.ofSeconds(30)).until(() -> spares().size() == 2);
  }

  @Test
  void neitherOrphansNorAnybodysData() throws Exception {
    driver.makeSpares();

    assertThat(spares()).hasSize(2);
    assertThat(driver.inventory()).isEmpty();
  }

  @Test
  void killedWhileOneIsMadeTheHalfIsRemoved() throws Exception {
    boolean killed = false;
    // A copy takes some milliseconds; one that was finished before the signal came is repeated.
    for (int attempt = 0; attempt < 10 && !killed; attempt++) {
      killed = killedWhileOneIsMade();
    }
    assertThat(killed).isTrue();

    driver.makeSpares();

    assertThat(spares())
        .hasSize(2)
        .allSatisfy(spare -> assertThat(spare).isNotEqualTo(stage.root.resolve(".spares/making")))
        .allSatisfy(spare -> assertThat(spare.resolve("global/pg_control")).exists());
  }

  private boolean killedWhileOneIsMade() throws Exception {
    driver.makeSpares();
    InstanceSpecification first = stage.specification();
    create(first);
    driver.destroy(new Fence(first.instance(), 2), first.instance(), List.of());
    var ended = new CompletableFuture<Optional<Exception>>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                driver.makeSpares();
                ended.complete(Optional.empty());
              } catch (Exception e) {
                ended.complete(Optional.of(e));
              }
            });
    OptionalLong shell = Signals.shell("spares.sh", stage.root.toString(), ended);
    if (shell.isPresent()
        && Signals.spinUntil(
            () ->
                ended.isDone() || Files.exists(stage.root.resolve(".spares/making/PG_VERSION")))) {
      Signals.sendToSession("KILL", shell.getAsLong());
    }
    Optional<Exception> failure = ended.get(20, TimeUnit.SECONDS);
    failure.ifPresent(it -> assertThat(it).isInstanceOf(DriverFailure.Transient.class));
    return failure.isPresent();
  }

  @Test
  void thoseOfAnotherTemplateAndTooManyAreRemoved() throws Exception {
    driver.makeSpares();
    Path other =
        Files.createDirectories(stage.root.resolve(".spares/template-17.2-000000000000.1"));

    stage.open(stage.settings().withSpares(1)).makeSpares();

    assertThat(spares()).hasSize(1).doesNotContain(other);
  }
}
