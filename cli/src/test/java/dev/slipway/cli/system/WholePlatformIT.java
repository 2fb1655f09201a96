package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// A platform of its own, in the foreground: all of it killed at once, and ended with Ctrl-C.
@Isolated("a platform of its own, which it kills")
final class WholePlatformIT {

  private static final String PASSWORD = "kept-through-all-1";
  private static final List<String> PROCESSES =
      List.of("gateway", "instance-service", "account-service", "local-stack", "control-postgres");

  @AutoClose private final PlatformUnderTest platform = another();
  private final PlatformFromOutside outside = new PlatformFromOutside(platform);

  private static PlatformUnderTest another() {
    try {
      return PlatformUnderTest.another();
    } catch (IOException failure) {
      throw new IllegalStateException(failure);
    }
  }

  @Test
  void whatWasKilledAtOnceGoesOnAndCtrlCEndsAllOfIt() throws Exception {
    PlatformUnderTest.Running up = platform.begin(platform.folder(), "up");
    awaitReady();
    User ann = outside.register("ann_whole");
    ann.provision("kept", PASSWORD);
    ann.awaitAvailable("kept");
    List<String> flying = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      flying.add(ann.provision("flying_" + i, PASSWORD));
    }

    List<ProcessHandle> victims = new ArrayList<>();
    for (String name : PROCESSES) {
      victims.add(outside.process(name));
    }
    // Whoever looks after the others first.
    up.process().destroyForcibly().waitFor();
    victims.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle victim : victims) {
      victim.onExit().join();
    }
    assertThat(outside.ready()).isFalse();
    PlatformUnderTest.Running again = platform.begin(platform.folder(), "up");
    awaitReady();

    for (String operation : flying) {
      JsonNode end = ann.awaitEnd(operation);
      assertThat(end.path("outcome").asText()).as(end.toString()).isEqualTo("succeeded");
    }
    try (Connection connection = awaited(ann, "kept")) {
      assertThat(User.query(connection, "select 1")).isEqualTo("1");
    }
    for (int i = 0; i < flying.size(); i++) {
      awaited(ann, "flying_" + i).close();
      ann.destroy("flying_" + i);
    }
    assertThat(folders()).hasSize(1);
    assertThat(outside.openLedger()).hasSize(3);

    losesThePortOfKafka();
    ann.provision("after", PASSWORD);
    awaited(ann, "after").close();
    ann.destroy("after");

    again.send("INT");
    PlatformUnderTest.Result ended = again.end();

    assertThat(ended.exitCode()).isEqualTo(130);
    assertThat(processesOf(platform.home())).isEmpty();
    assertThat(folders().getFirst().resolve("data/postmaster.pid")).doesNotExist();
    assertThat(platform.slipway(platform.folder(), "status").exitCode()).isEqualTo(1);
  }

  /// Somebody else listens where Kafka did, before it is back.
  private void losesThePortOfKafka() throws Exception {
    int before = outside.internalPort("kafka");
    ProcessHandle stack = outside.process("local-stack");
    stack.destroyForcibly();
    stack.onExit().join();
    try (ServerSocket taken = new ServerSocket()) {
      taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), before));
      Awaitility.await("another port")
          .atMost(PlatformUnderTest.PATIENCE)
          .until(() -> outside.internalPort("kafka") != before);
      awaitReady();
    }
  }

  private void awaitReady() {
    Awaitility.await("the platform is ready")
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(300))
        .ignoreExceptions()
        .until(() -> outside.status().path("processes").size() > 0 && outside.ready());
  }

  private static Connection awaited(User ann, String instance) throws Exception {
    ann.awaitAvailable(instance);
    return ann.connect(instance, PASSWORD);
  }

  private List<Path> folders() throws IOException {
    List<Path> found = new ArrayList<>();
    try (var entries =
        Files.newDirectoryStream(platform.home().resolve("data/instances"), "ins_*")) {
      entries.forEach(found::add);
    }
    return found;
  }

  /// Whatever works in the home, or was started with its path.
  private static List<String> processesOf(Path home) throws IOException {
    List<String> found = new ArrayList<>();
    String data = home.resolve("data").toRealPath().toString();
    try (var entries = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path entry : entries) {
        String command = read(entry.resolve("cmdline")).orElse("");
        String folder = folderOf(entry);
        if (command.contains(home.toString())
            || command.contains(data)
            || folder.startsWith(home.toString())
            || folder.startsWith(data)) {
          found.add(entry.getFileName() + " " + command.replace('\0', ' '));
        }
      }
    }
    return found;
  }

  private static String folderOf(Path process) {
    try {
      return Files.readSymbolicLink(process.resolve("cwd")).toString();
    } catch (IOException goneOrForeign) {
      return "";
    }
  }

  private static Optional<String> read(Path file) {
    try {
      return Optional.of(Files.readString(file));
    } catch (IOException goneOrForeign) {
      return Optional.empty();
    }
  }
}
