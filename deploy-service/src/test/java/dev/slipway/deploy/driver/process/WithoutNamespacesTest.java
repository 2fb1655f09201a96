package dev.slipway.deploy.driver.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipway.common.process.ProcessTable;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.ExecutorObservation;
import dev.slipway.deploy.driver.ExecutorSpecification;
import dev.slipway.deploy.driver.VersionReference;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The contract where there are no namespaces, as in most containers: users are all that keeps
/// applications apart for root, and nothing does for an ordinary user who trusts them.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class WithoutNamespacesTest extends ProcessRuntimeContract {

  @SuppressWarnings("NullAway.Init") // set before the first test
  private static RuntimeStage stage;

  @BeforeAll
  static void open() {
    stage =
        new RuntimeStage(
            (root, scripts, trusted) -> {
              Isolation best = Isolation.find(root, scripts, true);
              return new Isolation(
                  best.drop() ? Isolation.Fence.USER : Isolation.Fence.TRUST,
                  best.drop(),
                  best.tools());
            });
  }

  @AfterAll
  static void close() {
    stage.close();
  }

  @Override
  RuntimeStage stage() {
    return stage;
  }

  @Test
  void hiddenChildIsGoneAfterTheDestroy() throws Exception {
    assumeTrue(runtime().isolation().contains("a user of its own"), "needs root");
    VersionReference version = adopted();
    runtime()
        .begin(
            fence(version, 1),
            command(
                version,
                "setup",
                // Ended with the rest when it is seen before it hides.
                "setsid -f env -i /bin/sh -c ': > hidden; exec /bin/sleep 87654'"
                    + " < /dev/null > /dev/null 2>&1",
                "until [ -e hidden ]; do sleep 0.01; done"));
    assertThat(ended(version, "setup")).isEqualTo(new CommandRun.Exited(0));
    String user =
        Files.readString(stage.root.resolve(version.application()).resolve("uid")).strip();
    assertThat(processesOf(user)).isNotZero();

    destroy(version, 2);

    assertThat(processesOf(user)).isZero();
    assertThat(stage.root.resolve(".users").resolve(user)).doesNotExist();
  }

  @Test
  void applicationEndsWithItsSupervisor() throws Exception {
    VersionReference version = adopted();
    ExecutorSpecification executor = executor(version, healthy());
    runtime().start(fence(version, 1), executor);
    awaitState(executor, ExecutorObservation.State.HEALTHY);
    Path identity =
        stage
            .root
            .resolve(version.application())
            .resolve("runs")
            .resolve(version.version() + '.' + executor.executor())
            .resolve("identity");

    new ProcessBuilder("kill", "-KILL", Files.readString(identity).split(" ", -1)[0])
        .start()
        .waitFor();

    awaitState(executor, ExecutorObservation.State.GONE);
    runtime().start(fence(version, 1), executor);
    awaitState(executor, ExecutorObservation.State.HEALTHY);
    runtime().stop(fence(version, 1), version, executor.executor(), Duration.ofSeconds(1));
    assertThat(runtime().freeEndpoints("exe_of_nobody")).contains(executor.endpoint());
    destroy(version, 2);
  }

  private static long processesOf(String user) throws Exception {
    long count = 0;
    for (long pid : ProcessTable.all()) {
      try {
        Object owner = Files.getAttribute(Path.of("/proc/" + pid), "unix:uid");
        if (user.equals(String.valueOf(owner))
            && ProcessTable.find(pid).filter(ProcessTable.Entry::alive).isPresent()) {
          count++;
        }
      } catch (NoSuchFileException e) {
        // It has ended.
      }
    }
    return count;
  }
}
