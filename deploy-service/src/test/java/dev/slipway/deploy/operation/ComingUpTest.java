package dev.slipway.deploy.operation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Outcome;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.VersionReference;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What becomes of a deploy whose executors do not come up.
final class ComingUpTest {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final KernelDatabase DATABASE = KernelDatabase.fresh("classpath:db/migration");
  private static final AnsweredChildren CHILDREN = new AnsweredChildren(DATABASE);

  private final DeployStage stage = new DeployStage(DATABASE, 2900);
  private final OperationEngine engine =
      OperationKit.engine(DATABASE, stage.operations(), "one", OperationEngine.Interruptions.NONE);

  @BeforeEach
  void register() {
    stage.register();
  }

  @AfterEach
  void stop() {
    engine.close();
  }

  @AfterAll
  static void stopChildren() throws Exception {
    CHILDREN.stop();
  }

  @Test
  void whatEndsTimeAndAgainFailsTheDeployWithoutWaiting() throws Exception {
    String serving = deploy().version();

    Deployed second = deployStarting("exit 1");

    assertThat(second.end().outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(second.end().cause()).isNotNull();
    assertThat(second.end().cause().code()).isEqualTo("start-failed");
    assertThat(second.end().cause().message())
        .isEqualTo(
            "The application ended %d times while it came up: it ended with status 1"
                .formatted(DeployStage.CRASHES));
    onlyServes(serving);
  }

  @Test
  void whatStaysSilentFailsTheDeployAfterItsTime() throws Exception {
    String serving = deploy().version();

    Deployed second = deployStarting("sleep 600");

    assertThat(second.end().outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(second.end().cause()).isNotNull();
    assertThat(second.end().cause().code()).isEqualTo("unhealthy");
    assertThat(second.end().cause().message())
        .isEqualTo("The application was not healthy 2 s after its start: it does not answer");
    onlyServes(serving);
  }

  @Test
  void anOwnDockerfileIsBuiltInsteadOfInstallAndBuildAndMigrationsRunInWhatItMakes()
      throws Exception {
    stage.dockerfile = true;

    String version = deploy().version();

    assertThat(stage.reality.begun()).containsExactly(version + " build", version + " migrate");
    assertThat(stage.reality.isBuilt(new VersionReference(stage.application, version))).isTrue();
    onlyServes(version);
  }

  @Test
  void aDockerfileThatIsNotBuiltFailsTheDeployInItsStepAndTheOldVersionServes() throws Exception {
    String serving = deploy().version();
    stage.dockerfile = true;
    String version = stage.addVersion();
    stage.comesTo.put(version + " build", new CommandRun.Exited(3));

    OperationView end =
        engine.awaitEnd(OperationKit.id(engine.begin(stage.deploy(version))), PATIENCE);

    assertThat(end.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(end.cause()).isNotNull();
    assertThat(end.cause().code()).isEqualTo("build-failed");
    assertThat(end.cause().message()).isEqualTo("build failed (exit status 3)");
    assertThat(stage.reality.versions())
        .containsExactly(new VersionReference(stage.application, serving));
    onlyServes(serving);
  }

  private record Deployed(String version, OperationView end) {}

  private Deployed deploy() throws Exception {
    Deployed first = deployStarting("serve");
    assertThat(first.end().succeeded()).as(first.toString()).isTrue();
    return first;
  }

  private Deployed deployStarting(String command) throws Exception {
    stage.start = List.of(command);
    String version = stage.addVersion();
    return new Deployed(
        version, engine.awaitEnd(OperationKit.id(engine.begin(stage.deploy(version))), PATIENCE));
  }

  private void onlyServes(String version) {
    assertThat(stage.executors.of(stage.application))
        .singleElement()
        .returns(version, Executor::version)
        .returns(Executor.Duty.SERVING, Executor::duty);
  }
}
