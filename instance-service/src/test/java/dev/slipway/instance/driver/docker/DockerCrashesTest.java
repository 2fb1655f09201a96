package dev.slipway.instance.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.Scenario;
import dev.slipway.instance.operation.DestroyInstance;
import dev.slipway.instance.operation.ProvisionInstance;
import dev.slipway.instance.operation.RepairInstance;
import dev.slipway.instance.operation.ResetPassword;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/// The operations on instances, with the service killed before and after every act of a step and
/// undo, on a real engine. What the fake driver cannot show: that what a dead service has left on
/// the engine is found, gone on with, or removed.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class DockerCrashesTest {

  private static final int AT_ONCE = 4;

  private final long began = System.nanoTime();

  @AutoClose
  @SuppressWarnings("NullAway.Init") // set before the first test
  private DockerStage stage;

  @BeforeAll
  void open() {
    stage = new DockerStage();
  }

  @TestFactory
  Stream<DynamicTest> everyCrashIsGoneOnFromAndLeavesNothing() throws Exception {
    assertThat(onEngine()).as("before").isEmpty();
    List<KernelDatabase> databases = Stream.generate(KernelDatabase::fresh).limit(AT_ONCE).toList();
    return new OperationKit(databases.toArray(KernelDatabase[]::new))
        .crashes(
            Stream.of(
                    ProvisionInstance.KIND,
                    ResetPassword.KIND,
                    RepairInstance.KIND,
                    DestroyInstance.KIND)
                .map(kind -> scenario(kind, databases))
                .toList(),
            cases -> {
              assertThat(onEngine()).as("after").isEmpty();
              System.out.printf(
                  "Crashes on a Docker engine: %d cases in %d s%n",
                  cases, Duration.ofNanos(System.nanoTime() - began).toSeconds());
            });
  }

  private Scenario scenario(String kind, List<KernelDatabase> databases) {
    return Scenario.of(
        kind,
        database ->
            new DockerRig(
                kind, stage, stage.settings(), database, "org_" + databases.indexOf(database)));
  }

  /// The names of all that the installation has there.
  private List<String> onEngine() throws Exception {
    var names = new ArrayList<String>();
    stage.engine.containers(stage.names.everything()).forEach(it -> names.add(it.name()));
    stage.engine.volumes(stage.names.everything()).forEach(it -> names.add(it.name()));
    stage.engine.networks(stage.names.everything()).forEach(it -> names.add(it.name()));
    return names;
  }
}
