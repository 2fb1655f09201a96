package dev.slipway.deploy.operation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.contract.instance.DatabaseOperations;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Outcome;
import dev.slipway.deploy.driver.CommandRun;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a delete leaves on the instances an application has been on.
final class DeleteApplicationTest {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final KernelDatabase DATABASE = KernelDatabase.fresh("classpath:db/migration");
  private static final AnsweredChildren CHILDREN = new AnsweredChildren(DATABASE);

  private static int ports = 2400;

  private DeployStage stage = new DeployStage(DATABASE, ports);
  private OperationEngine engine = engine();

  @BeforeEach
  void deployOnMain() throws Exception {
    engine.close();
    ports += 20;
    stage = new DeployStage(DATABASE, ports);
    stage.register();
    engine = engine();
    succeed(stage.deploy(stage.addVersion()));
  }

  @AfterEach
  void stop() {
    engine.close();
  }

  @AfterAll
  static void stopChildren() throws Exception {
    CHILDREN.stop();
  }

  private OperationEngine engine() {
    return OperationKit.engine(
        DATABASE, stage.operations(), "one", OperationEngine.Interruptions.NONE);
  }

  private String begin(BeginRequest request) throws Exception {
    return OperationKit.id(engine.begin(request));
  }

  private String succeed(BeginRequest request) throws Exception {
    String operation = begin(request);
    OperationView end = engine.awaitEnd(operation, PATIENCE);
    assertThat(end.succeeded()).as(end.toString()).isTrue();
    return operation;
  }

  private BeginRequest moveToOther(String version) {
    return stage.request(
        ChangeInstance.KIND, new ChangeInstance.Input(stage.name, version, "other"));
  }

  private String beginMoveThatGoesOnForEver() throws Exception {
    String version = stage.addVersion();
    stage.comesTo.put(version + " migrate", new CommandRun.Running(1));
    String move = begin(moveToOther(version));
    await().atMost(PATIENCE).until(() -> stage.reality.begun().contains(version + " migrate"));
    return move;
  }

  /// Whose databases an operation has asked to be dropped.
  private static List<String> dropped(String operation) {
    String subjects =
        DATABASE.text(
            """
            select coalesce(string_agg(distinct payload::jsonb -> 'data' ->> 'subject', ','), '')
            from outbox
            where payload like '%%%s%%' and payload::jsonb -> 'data' ->> 'kind' = '%s'"""
                .formatted(operation, DatabaseOperations.DROP));
    return Arrays.asList(String.valueOf(subjects).split(",", -1));
  }

  private String databasesOn(String instance) {
    return DatabaseOperations.subject(instance, stage.application);
  }

  @Test
  void aDeleteThatTakesOverFromAMoveReleasesBothInstancesAndDropsWhatIsOnThem() throws Exception {
    String move = beginMoveThatGoesOnForEver();
    assertThat(stage.bound.values()).containsExactlyInAnyOrder(stage.main, stage.other);

    String delete = succeed(stage.delete());

    assertThat(engine.view(move).orElseThrow().outcome()).isEqualTo(Outcome.SUPERSEDED);
    assertThat(stage.bound).isEmpty();
    assertThat(dropped(delete))
        .containsExactlyInAnyOrder(databasesOn(stage.main), databasesOn(stage.other));
  }

  @Test
  void whatIsOnAnInstanceThatWasLeftStays() throws Exception {
    succeed(moveToOther(stage.addVersion()));

    String delete = succeed(stage.delete());

    assertThat(dropped(delete)).containsExactly(databasesOn(stage.other));
  }

  @Test
  void whatIsNotToBeDroppedStays() throws Exception {
    beginMoveThatGoesOnForEver();

    String delete =
        succeed(
            stage.request(DeleteApplication.KIND, new DeleteApplication.Input(stage.name, false)));

    assertThat(stage.bound).isEmpty();
    assertThat(dropped(delete)).containsExactly("");
  }
}
