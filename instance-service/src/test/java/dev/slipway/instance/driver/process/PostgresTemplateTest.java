package dev.slipway.instance.driver.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.instance.driver.InstanceSpecification;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The folder every instance is copied from: whole or not there, and small.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class PostgresTemplateTest {

  @SuppressWarnings("NullAway.Init") // set before each test
  private ProcessStage stage;

  @BeforeEach
  void open() {
    stage = ProcessStage.unprepared();
  }

  @AfterEach
  void close() {
    stage.close();
  }

  private List<Path> templates() throws IOException {
    var found = new ArrayList<Path>();
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(stage.root, entry -> name(entry).startsWith(".template-"))) {
      entries.forEach(found::add);
    }
    return found;
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }

  @Test
  void killedWhileItIsMadeItIsMadeAnew() throws Exception {
    var failure = new CompletableFuture<Throwable>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                stage.driver.prepare();
                failure.completeExceptionally(new IllegalStateException("not killed"));
              } catch (Exception e) {
                failure.complete(e);
              }
            });
    long shell = Signals.shell("template.sh", stage.root.toString(), failure).orElseThrow();
    assertThat(
            Signals.spinUntil(
                () -> {
                  try {
                    return templates().stream()
                        .anyMatch(folder -> Files.exists(folder.resolve("data/base")));
                  } catch (IOException e) {
                    return false;
                  }
                }))
        .isTrue();
    Signals.sendToSession("KILL", shell);
    assertThat(failure.get(20, TimeUnit.SECONDS)).isInstanceOf(DriverFailure.class);
    assertThat(templates()).allSatisfy(folder -> assertThat(name(folder)).endsWith(".making"));

    stage.driver.prepare();

    assertThat(templates())
        .singleElement()
        .satisfies(folder -> assertThat(name(folder)).doesNotEndWith(".making"));
  }

  @Test
  void twoThatNeedItAtOnceMakeOne() throws Exception {
    ProcessInstanceDriver other = stage.open();
    var done = new CompletableFuture<Boolean>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                other.prepare();
                done.complete(true);
              } catch (Exception e) {
                done.completeExceptionally(e);
              }
            });

    stage.driver.prepare();

    assertThat(done.get(60, TimeUnit.SECONDS)).isTrue();
    assertThat(templates()).hasSize(1);
  }

  @Test
  void holdsOneSegmentAndNoPasswordFile() throws Exception {
    stage.driver.prepare();

    Path data = templates().getFirst().resolve("data");
    long bytes = 0;
    try (var files = Files.walk(data)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        bytes += Files.size(file);
      }
    }
    assertThat(bytes).isLessThan(30L * 1024 * 1024);
    try (var segments = Files.newDirectoryStream(data.resolve("pg_wal"), "0*")) {
      assertThat(segments).hasSize(1);
    }
  }

  @Test
  void fullDiskIsAPermanentFailureThatLeavesRoomAgain() throws Exception {
    assumeTrue(ServerUser.current().uid() != null, "only root mounts a small file system");
    Path small = Files.createDirectory(stage.folder.resolve("small"));
    assumeTrue(
        new ProcessBuilder(
                    "mount", "-t", "tmpfs", "-o", "size=45m,mode=711", "tmpfs", small.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor()
            == 0,
        "this root may not mount a file system");
    try {
      ProcessInstanceDriver driver =
          stage.open(
              ProcessDriverSettings.of(
                  small.resolve("instances"),
                  stage.binaries,
                  stage.installation,
                  ProcessStage.FIRST_PORT,
                  ProcessStage.LAST_PORT));
      driver.prepare();
      InstanceSpecification specification = stage.specification();

      assertThatExceptionOfType(DriverFailure.Permanent.class)
          .isThrownBy(() -> driver.create(ProcessStage.fence(specification, 1), specification))
          .extracting(DriverFailure::code)
          .isEqualTo("disk-full");

      assertThat(small.resolve("instances").resolve(specification.instance()).resolve("data"))
          .doesNotExist();
      driver.destroy(ProcessStage.fence(specification, 2), specification.instance(), List.of());
      assertThat(driver.inventory()).isEmpty();
    } finally {
      new ProcessBuilder("umount", "-l", small.toString()).start().waitFor();
    }
  }
}
