package dev.slipway.deploy.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.driver.HostPorts;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.Scenario;
import dev.slipway.deploy.operation.AnsweredChildren;
import dev.slipway.deploy.operation.DeleteApplication;
import dev.slipway.deploy.operation.DeployVersion;
import dev.slipway.deploy.operation.RollBackVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/// The operations that act on the runtime, with the service killed before and after every act of
/// a step and undo, on a real engine. What the fake runtime cannot show: that folders, runs,
/// images and executors of a dead service are found, gone on with, or removed.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class DockerDeployCrashesTest {

  private static final int AT_ONCE = 4;

  /// Soon, where everything else takes seconds.
  private static final Duration A_MOMENT = Duration.ofMillis(100);

  private static final int FIRST_PORT = 28_000;
  private static final int PORTS_EACH = 100;

  private final long began = System.nanoTime();

  /// One for each control database, as it is outside of tests.
  private final List<DockerInstallation> installations = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // set before the first test
  private AnsweredChildren children;

  @BeforeAll
  void open() {
    for (int lane = 0; lane < AT_ONCE; lane++) {
      installations.add(new DockerInstallation());
    }
  }

  @AfterAll
  void close() throws Exception {
    installations.forEach(DockerInstallation::close);
    if (children != null) {
      children.stop();
    }
  }

  @TestFactory
  Stream<DynamicTest> everyCrashIsGoneOnFromAndLeavesNothing() throws Exception {
    List<KernelDatabase> databases =
        Stream.generate(() -> KernelDatabase.fresh("classpath:db/migration"))
            .limit(AT_ONCE)
            .toList();
    KernelDatabase[] lanes = databases.toArray(KernelDatabase[]::new);
    children = new AnsweredChildren(A_MOMENT, lanes);
    return new OperationKit(lanes)
        .crashes(
            Stream.of(DeployVersion.KIND, RollBackVersion.KIND, DeleteApplication.KIND)
                .map(kind -> scenario(kind, databases))
                .toList(),
            cases -> {
              for (DockerInstallation installation : installations) {
                assertThat(installation.onEngine(installation.names.everything())).isEmpty();
              }
              System.out.printf(
                  "Crashes of deploys on a Docker engine: %d cases in %d s%n",
                  cases, Duration.ofNanos(System.nanoTime() - began).toSeconds());
            });
  }

  private Scenario scenario(String kind, List<KernelDatabase> databases) {
    return Scenario.of(
        kind,
        database -> {
          int lane = databases.indexOf(database);
          int port = FIRST_PORT + lane * PORTS_EACH;
          return new DockerDeployRig(
              kind,
              installations.get(lane),
              new HostPorts("127.0.0.1", port, port + PORTS_EACH - 1),
              database);
        });
  }
}
