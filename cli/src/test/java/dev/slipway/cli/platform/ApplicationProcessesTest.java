package dev.slipway.cli.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc")
class ApplicationProcessesTest {

  @TempDir private Path folder;

  @Test
  void processesAreFoundByTheirFolderAndStoppedWithTheirDescendants() throws Exception {
    Path home = folder.toRealPath().resolve("home");
    Path version = Files.createDirectories(home.resolve("data/applications/app_one/1700000000000"));
    ApplicationProcesses processes = ApplicationProcesses.of(new PlatformHome(home));
    // The shell names the folder; what it starts works elsewhere, as in a sandbox.
    Process named =
        apart(Path.of("/"), "sh", "-c", "sleep 600 & trap '' TERM; wait; wait", version.toString());
    Process inside = apart(version, "sleep", "600");
    Process stranger = apart(Path.of("/"), "sleep", "600");
    try {
      Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> processes.all().size() >= 3);

      assertThat(processes.all())
          .extracting(ApplicationProcesses.Member::application)
          .containsOnly("app_one");
      assertThat(processes.all())
          .extracting(ApplicationProcesses.Member::pid)
          .contains(inside.pid(), named.pid())
          .doesNotContain(stranger.pid());

      processes.stop(Duration.ofMillis(200));

      assertThat(processes.all()).isEmpty();
      assertThat(named.waitFor(10, TimeUnit.SECONDS)).isTrue();
      assertThat(inside.waitFor(10, TimeUnit.SECONDS)).isTrue();
      assertThat(stranger.isAlive()).isTrue();
    } finally {
      for (Process process : List.of(named, inside, stranger)) {
        process.destroyForcibly();
      }
    }
  }

  /// In a session of its own, so without a terminal, as all applications are.
  private static Process apart(Path directory, String... command) throws Exception {
    List<String> whole = new ArrayList<>(List.of("setsid"));
    whole.addAll(List.of(command));
    return new ProcessBuilder(whole)
        .directory(directory.toFile())
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
