package dev.slipway.cli.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.Launcher.Started;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Beside a platform that runs already, as far as its files and its lock go.
class LauncherTest {

  @TempDir private Path folder;

  private PlatformHome home;
  private Supervisor.Lock lock;

  @BeforeEach
  void run() throws IOException {
    home = new PlatformHome(folder);
    RunningHome.make(folder, 1, 2, 3);
    writeLauncher(RunFile.State.READY, "careful");
    Files.createDirectories(home.data());
    lock = Supervisor.Lock.acquire(home).orElseThrow();
  }

  @AfterEach
  void end() throws IOException {
    lock.close();
  }

  @Test
  void onePlatformIsStartedOnce() throws Exception {
    assertThat(launcher(Map.of()).detach(status -> {})).isEqualTo(Started.BEFORE);
    assertThat(launcher(asItRuns()).detach(status -> {})).isEqualTo(Started.BEFORE);
    assertThat(launcher(Map.of()).run(event -> {}, status -> {})).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "SLIPWAY_PORT, 9443, at port 1 and not 9443",
    "SLIPWAY_DRIVER, docker, on the driver 'process' and not 'docker'",
    "SLIPWAY_APPLICATIONS_TRUSTED, true, without trust in applications"
  })
  void whatRunsOtherwiseIsStoppedFirst(String variable, String value, String difference) {
    Launcher launcher = launcher(Map.of(variable, value));

    assertThatThrownBy(() -> launcher.detach(status -> {}))
        .isInstanceOfSatisfying(
            CommandFailure.class,
            it -> {
              assertThat(it.exitCode()).isEqualTo(1);
              assertThat(it.message()).contains("runs already, " + difference);
              assertThat(it.next()).contains("slipway down");
            });
    assertThatThrownBy(() -> launcher.run(event -> {}, status -> {}))
        .hasMessageContaining(difference);
  }

  @Test
  void trustThatRunsIsTrustThatWasAskedFor() throws Exception {
    writeLauncher(RunFile.State.READY, "trusting");

    assertThat(launcher(Map.of("SLIPWAY_APPLICATIONS_TRUSTED", "true")).detach(status -> {}))
        .isEqualTo(Started.BEFORE);
    assertThat(launcher(Map.of()).detach(status -> {})).isEqualTo(Started.BEFORE);
  }

  @Test
  void aLauncherThatDoesNotSayWhomItTrustsIsFromBefore() throws Exception {
    writeLauncher(RunFile.State.READY, "");

    assertThat(launcher(Map.of("SLIPWAY_APPLICATIONS_TRUSTED", "true")).detach(status -> {}))
        .isEqualTo(Started.BEFORE);
  }

  @Test
  void aPlatformThatIsBeingStoppedIsStartedAgain() throws Exception {
    writeLauncher(RunFile.State.STOPPING, "");

    // There is nothing built in the folder, which is found out by whoever starts.
    assertThatThrownBy(() -> launcher(Map.of()).detach(status -> free()))
        .isInstanceOfSatisfying(
            CommandFailure.class, it -> assertThat(it.code()).isEqualTo("not-built"));
  }

  private void free() {
    try {
      lock.close();
    } catch (IOException impossible) {
      throw new AssertionError(impossible);
    }
  }

  private void writeLauncher(RunFile.State state, String configuration) throws IOException {
    new RunFile(ProcessIdentity.self(), Instant.now(), 0, state, null, configuration)
        .write(home.run(PlatformStatus.LAUNCHER));
  }

  private static Map<String, String> asItRuns() {
    return Map.of("SLIPWAY_PORT", "1", "SLIPWAY_DRIVER", "process");
  }

  private Launcher launcher(Map<String, String> environment) {
    return new Launcher(
        home,
        new Surroundings(
            environment,
            folder,
            InputStream.nullInputStream(),
            System.out,
            System.err,
            Set.of(),
            folder));
  }
}
