package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.Isolated;

/// SIGKILL for real, at seeded moments of a provision: the operation ends, and what exists is what
/// its outcome says.
@Isolated("kills services")
final class KillIT {

  private static final int KILLS = 12;
  private static final String PASSWORD = "kept-through-kills-1";

  private final PlatformFromOutside platform = PlatformFromOutside.shared();

  @TestFactory
  Stream<DynamicTest> whateverIsKilledTheOperationEnds() {
    long seed = Long.getLong("slipway.seed", System.currentTimeMillis());
    System.out.println("Kills are seeded with -Dslipway.seed=" + seed);
    var random = new Random(seed);
    User ann = platform.register("ann_kills");
    List<String> victims = List.of("instance-service", "local-stack", "control-postgres");
    return Stream.iterate(0, i -> i + 1)
        .limit(KILLS)
        .map(
            i -> {
              String victim = victims.get(i % victims.size());
              int millis = random.nextInt(400);
              return DynamicTest.dynamicTest(
                  "%s killed %d ms into a provision".formatted(victim, millis),
                  () -> killed(ann, "kill_%02d".formatted(i), victim, millis));
            });
  }

  private void killed(User ann, String instance, String victim, int millis) throws SQLException {
    ProcessHandle process = platform.process(victim);
    String operation = ann.provision(instance, PASSWORD);
    LockSupport.parkNanos(Duration.ofMillis(millis).toNanos());
    assertThat(process.destroyForcibly()).isTrue();
    JsonNode end = ann.awaitEnd(operation);
    assertThat(end.path("outcome").asText()).as(end.toString()).isEqualTo("succeeded");
    awaitReady();
    ann.awaitAvailable(instance);
    try (Connection connection = ann.connect(instance, PASSWORD)) {
      assertThat(User.query(connection, "select 1")).isEqualTo("1");
    }
    Path folder =
        platform.home().resolve("data/instances").resolve(ann.info(instance).path("ID").asText());
    ann.destroy(instance);
    assertThat(folder).doesNotExist();
    assertThat(platform.openLedger())
        .noneMatch(row -> row.contains(folder.getFileName().toString()));
    assertThat(Files.exists(folder)).isFalse();
  }

  private void awaitReady() {
    Awaitility.await("the platform is whole again")
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(300))
        .ignoreExceptions()
        .until(platform::ready);
  }
}
