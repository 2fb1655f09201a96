package dev.slipway.instance.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.operation.Outcome;
import dev.slipway.instance.domain.Wish;
import dev.slipway.instance.driver.FakeInstanceDriver.Moment;
import dev.slipway.instance.operation.RepairInstance;
import dev.slipway.instance.operation.StopInstance;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Stopping the platform, and coming back.
final class PlatformStopTest {

  private final ReconcileStage stage = new ReconcileStage();
  private final Observer observer = stage.observer();
  private final PlatformStop stop =
      new PlatformStop(stage.wishes, stage.transactions, stage.engine, Duration.ofSeconds(10));

  @AfterEach
  void close() {
    observer.close();
    stage.close();
  }

  @Test
  void everythingStopsAndNothingIsRepairedUntilThePlatformStartsAgain() throws Exception {
    String one = stage.provision("one");
    String two = stage.provision("two");
    String theirs = stage.link("theirs");

    PlatformStop.Summary summary = stop.stop();

    assertThat(summary.instances()).isEqualTo(2);
    assertThat(summary.stopped()).isEqualTo(2);
    assertThat(summary.unfinished()).isEmpty();
    assertThat(stage.reality.reality().running(one)).isFalse();
    assertThat(stage.reality.reality().running(two)).isFalse();
    assertThat(stage.stored(one)).contains("DOWN: the platform was stopped");
    assertThat(stage.stored(theirs)).contains("UP");
    // A round only begins to look; closing waits for what was seen.
    try (Observer earlier = stage.observer()) {
      earlier.round();
    }
    assertThat(stage.operations(RepairInstance.KIND)).isEmpty();

    stage.wishes.set(Wish.RUNNING);
    observer.round();
    await()
        .until(() -> stage.reality.reality().running(one) && stage.reality.reality().running(two));
    await().untilAsserted(() -> assertThat(stage.stored(one)).contains("UP"));
    // Nobody is told that an instance is unavailable because its platform was stopped.
    assertThat(
            stage.texts(
                "select payload from outbox where payload like '%slipway.instance.unavailable.v1%'"))
        .isEmpty();
  }

  @Test
  void repairUnderWayMakesWay() throws Exception {
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

    PlatformStop.Summary summary = stop.stop();
    paused.countDown();

    assertThat(summary.stopped()).isEqualTo(1);
    assertThat(stage.await(stage.operations(RepairInstance.KIND).getFirst()).outcome())
        .isEqualTo(Outcome.SUPERSEDED);
    stage.engine.close();
    assertThat(stage.reality.reality().running(id)).isFalse();
  }

  @Test
  void whatAPersonAskedForIsWaitedFor() throws Exception {
    String id = stage.provision("main");
    var paused = new CountDownLatch(1);
    var setting = new AtomicBoolean();
    stage.reality.crashAt(
        (act, fence, moment) -> {
          if (act.equals("resetPassword") && moment == Moment.BEFORE) {
            setting.set(true);
            paused.await();
          }
        });
    String reset = stage.beginReset(id);
    await().untilTrue(setting);

    CompletableFuture<PlatformStop.Summary> stopping =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return stop.stop();
              } catch (Exception failure) {
                throw new IllegalStateException(failure);
              }
            });
    await().until(() -> stage.wishes.now() == Wish.STOPPED);
    paused.countDown();

    assertThat(stopping.get().stopped()).isEqualTo(1);
    assertThat(stage.await(reset).succeeded()).isTrue();
    assertThat(stage.reality.reality().running(id)).isFalse();
  }

  @Test
  void whatDoesNotStopInTimeIsNamed() throws Exception {
    String id = stage.provision("main");
    var never = new CountDownLatch(1);
    stage.reality.crashAt(
        (act, fence, moment) -> {
          if (act.equals("stop")) {
            never.await();
          }
        });
    var impatient =
        new PlatformStop(stage.wishes, stage.transactions, stage.engine, Duration.ofMillis(300));

    PlatformStop.Summary summary = impatient.stop();

    never.countDown();
    assertThat(summary.stopped()).isZero();
    assertThat(summary.unfinished()).hasSize(1).first().matches(one -> one.instance().equals(id));
    assertThat(stage.operations(StopInstance.KIND)).hasSize(1);
  }
}
