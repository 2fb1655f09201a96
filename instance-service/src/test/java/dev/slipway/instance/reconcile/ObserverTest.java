package dev.slipway.instance.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Outcome;
import dev.slipway.instance.domain.Wish;
import dev.slipway.instance.driver.FakeInstanceDriver.Moment;
import dev.slipway.instance.driver.Observation;
import dev.slipway.instance.operation.RepairInstance;
import dev.slipway.instance.operation.ResetPassword;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What is seen, what is stored of it, and what follows.
final class ObserverTest {

  private final ReconcileStage stage = new ReconcileStage();
  private final Observer observer = stage.observer();

  @AfterEach
  void close() {
    observer.close();
    stage.close();
  }

  @Test
  void instanceThatWasJustProvisionedIsUp() throws Exception {
    assertThat(stage.stored(stage.provision("main"))).contains("UP");
  }

  @Test
  void killedServerIsSeenDownToldOfAndBroughtBack() throws Exception {
    String id = stage.provision("main");
    stage.reality.reality().kill(id);

    observer.round();

    await().untilAsserted(() -> assertThat(stage.stored(id)).contains("UP"));
    await().until(() -> stage.reality.reality().running(id));
    assertThat(stage.operations(RepairInstance.KIND)).hasSize(1);
    assertThat(
            stage.texts(
                "select payload from outbox where payload like '%slipway.instance.unavailable.v1%'"))
        .hasSize(1)
        .first()
        .asString()
        .contains(id);
  }

  @Test
  void statusIsDownFromTheLookUntilTheRepairHasEnded() throws Exception {
    String id = stage.provision("main");
    var meanwhile = new CountDownLatch(1);
    stage.reality.crashAt(
        (act, fence, moment) -> {
          if (act.equals("start") && moment == Moment.BEFORE) {
            meanwhile.await();
          }
        });
    stage.reality.reality().kill(id);

    observer.round();

    await().until(() -> stage.operations(RepairInstance.KIND).size() == 1);
    assertThat(stage.stored(id)).contains("DOWN: PostgreSQL is not running");
    meanwhile.countDown();
    await().untilAsserted(() -> assertThat(stage.stored(id)).contains("UP"));
  }

  @Test
  void whatCannotBeFoundOutIsNotStoredAndNothingFollowsFromIt() throws Exception {
    String id = stage.provision("main");
    var looked = new AtomicBoolean();
    stage.driver.look(
        specification -> {
          looked.set(true);
          return Observation.unknown("it did not answer", Instant.now());
        });

    observer.round();

    await().untilTrue(looked);
    observer.close();
    assertThat(stage.stored(id)).contains("UP");
    assertThat(stage.operations(RepairInstance.KIND)).isEmpty();
  }

  @Test
  void oneThatHangsDelaysNobodyAndIsUnknown() throws Exception {
    String hanging = stage.provision("hanging");
    String killed = stage.provision("killed");
    stage.reality.reality().kill(killed);
    var never = new CountDownLatch(1);
    stage.driver.look(
        specification -> {
          if (specification.instance().equals(hanging)) {
            never.await();
          }
          return stage.reality.observe(specification);
        });
    try (Observer impatient = stage.observer(Duration.ofMillis(200))) {
      impatient.round();
      await().until(() -> stage.reality.reality().running(killed));
    }
    assertThat(stage.stored(hanging)).contains("UP");
    assertThat(stage.operations(RepairInstance.KIND)).hasSize(1);
  }

  @Test
  void linkedServersThatHangDelayNoRepair() throws Exception {
    String killed = stage.provision("killed");
    for (int i = 0; i < ReconcileStage.AT_ONCE; i++) {
      stage.link("theirs" + i);
    }
    int before = stage.linkedServer.asked.get();
    stage.linkedServer.answers = new CountDownLatch(1);
    // What hangs is cut off by nobody before this has ended.
    try (Observer patient = stage.observer(Duration.ofMinutes(1))) {
      patient.round();
      await().until(() -> stage.linkedServer.asked.get() == before + ReconcileStage.AT_ONCE);
      stage.reality.reality().kill(killed);

      patient.round();

      await().until(() -> stage.reality.reality().running(killed));
      assertThat(stage.linkedServer.asked.get()).isEqualTo(before + ReconcileStage.AT_ONCE);
      stage.linkedServer.answers.countDown();
    }
  }

  @Test
  void nothingIsRepairedWhileThePlatformStops() throws Exception {
    String id = stage.provision("main");
    stage.wishes.set(Wish.STOPPED);
    stage.reality.reality().kill(id);

    observer.round();

    await()
        .untilAsserted(
            () -> assertThat(stage.stored(id)).contains("DOWN: the platform was stopped"));
    assertThat(stage.operations(RepairInstance.KIND)).isEmpty();
  }

  @Test
  void wishThatChangedAfterTheLookStopsTheRepair() throws Exception {
    String id = stage.provision("main");
    Watched watched = stage.watched(id);
    stage.wishes.set(Wish.STOPPED);

    assertThat(stage.repairs.begin(watched, Observation.down("killed", Instant.now()))).isFalse();
  }

  @Test
  void failedRepairIsReadAsTheReasonAndNotRepeatedAtOnce() throws Exception {
    String id = stage.provision("main");
    stage.reality.crashAt(
        (act, fence, moment) -> {
          if (act.equals("start")) {
            throw new DriverFailure.Permanent("port-taken", "another program listens there");
          }
        });
    stage.reality.reality().kill(id);

    observer.round();
    await().until(() -> stage.repairs.past(id).size() == 1);

    await()
        .untilAsserted(
            () -> {
              observer.round();
              assertThat(stage.stored(id).orElseThrow())
                  .startsWith(
                      "DOWN: PostgreSQL is not running; repairing it failed: another program listens there");
            });
    assertThat(stage.operations(RepairInstance.KIND)).hasSize(1);
    OperationView repair = stage.await(stage.operations(RepairInstance.KIND).getFirst());
    assertThat(repair.outcome()).isEqualTo(Outcome.UNDONE);
    await()
        .atMost(Duration.ofSeconds(10))
        .pollInterval(Duration.ofMillis(100))
        .until(
            () -> {
              observer.round();
              return stage.operations(RepairInstance.KIND).size() == 2;
            });
  }

  @Test
  void repairMakesWayForAUser() throws Exception {
    String id = stage.provision("main");
    var paused = new CountDownLatch(1);
    var starting = new AtomicBoolean();
    stage.reality.crashAt(
        (act, fence, moment) -> {
          if (act.equals("start")
              && moment == Moment.BEFORE
              && starting.compareAndSet(false, true)) {
            paused.await();
          }
        });
    stage.reality.reality().kill(id);
    observer.round();
    await().untilTrue(starting);

    OperationView reset = stage.await(stage.beginReset(id));

    paused.countDown();
    assertThat(reset.kind()).isEqualTo(ResetPassword.KIND);
    assertThat(reset.succeeded()).isTrue();
    assertThat(stage.await(stage.operations(RepairInstance.KIND).getFirst()).outcome())
        .isEqualTo(Outcome.SUPERSEDED);
    assertThat(stage.reality.reality().running(id)).isTrue();
  }

  @Test
  void whatWasSeenBeforeSomebodyWorkedOnItSaysNothing() throws Exception {
    String id = stage.provision("main");
    Watched before = stage.watched(id);
    stage.await(stage.beginReset(id));

    assertThat(stage.table.changed(before, Observation.State.DOWN, "killed")).isFalse();
    assertThat(stage.repairs.begin(before, Observation.down("killed", Instant.now()))).isFalse();
    assertThat(stage.stored(id)).contains("UP");
  }

  @Test
  void destroyedInstanceIsNotRepaired() throws Exception {
    String id = stage.provision("main");
    Watched before = stage.watched(id);
    stage.destroy(id);

    assertThat(stage.repairs.begin(before, Observation.down("killed", Instant.now()))).isFalse();
    assertThat(stage.stored(id)).isEmpty();
  }

  @Test
  void observationIsConfirmedOnlyWhenItHasBecomeOld() throws Exception {
    String id = stage.provision("main");
    String stored = "select observed_at::text from observation where instance = '" + id + "'";
    List<String> first = stage.texts(stored);
    var looks = new CountDownLatch(2);
    stage.driver.look(
        specification -> {
          looks.countDown();
          return stage.reality.observe(specification);
        });
    observer.round();
    await().until(() -> looks.getCount() == 1);
    await()
        .until(
            () -> {
              observer.round();
              return looks.getCount() == 0;
            });
    assertThat(stage.texts(stored)).isEqualTo(first);

    stage.database.execute(
        "update observation set observed_at = observed_at - interval '10 seconds', since = since - interval '1 day'");
    List<String> old = stage.texts(stored);
    await()
        .until(
            () -> {
              observer.round();
              return !stage.texts(stored).equals(old);
            });
    assertThat(
            stage.texts(
                "select (since < clock_timestamp() - interval '23 hours')::text from observation"))
        .containsExactly("true");
  }

  @Test
  void linkedServerIsSignedInToGentlyAndNeverRepaired() throws Exception {
    String id = stage.link("theirs");
    int before = stage.linkedServer.asked.get();
    stage.linkedServer.failure =
        new DriverFailure.Permanent("link-unreachable", "db.example:5432 does not answer");

    observer.round();
    await()
        .untilAsserted(
            () -> assertThat(stage.stored(id)).contains("DOWN: db.example:5432 does not answer"));
    observer.round();
    observer.round();

    assertThat(stage.linkedServer.asked.get()).isEqualTo(before + 1);
    assertThat(stage.operations(RepairInstance.KIND)).isEmpty();
  }
}
