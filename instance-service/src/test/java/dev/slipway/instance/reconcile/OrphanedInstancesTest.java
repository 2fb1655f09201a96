package dev.slipway.instance.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.operation.Outcome;
import dev.slipway.common.reconcile.Cleaning;
import dev.slipway.common.reconcile.Cleaning.Cleaned;
import dev.slipway.common.reconcile.Janitor;
import dev.slipway.instance.driver.FakeInstanceDriver.Moment;
import dev.slipway.instance.driver.InstanceSpecification;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a person has cleaned up is nobody's, whatever happens meanwhile.
final class OrphanedInstancesTest {

  private final ReconcileStage stage = new ReconcileStage();
  private final Janitor janitor = stage.janitor(Duration.ofMinutes(10));
  private final Cleaning orphaned =
      InstancePremises.cleaning(stage.driver, janitor, stage.transactions, stage.engine);

  @AfterEach
  void close() {
    stage.close();
  }

  @Test
  void whatNobodyHasHeardOfIsMovedOnceAndLeavesNoTraceInTheDatabase() throws Exception {
    known();
    String id = Identifiers.next("ins");
    plant(id);

    Cleaned first = orphaned.clean(List.of(id)).getFirst();
    Cleaned second = orphaned.clean(List.of(id)).getFirst();

    assertThat(first.outcome()).isEqualTo("moved");
    assertThat(first.trash()).isEqualTo(id);
    assertThat(second.outcome()).isEqualTo("ended");
    assertThat(stage.reality.reality().instances()).doesNotContain(id);
    assertThat(stage.texts("select id from subject where id = '" + id + "'")).isEmpty();
  }

  @Test
  void whatSomebodyOwnsIsKept() throws Exception {
    String id = stage.provision("main");

    Cleaned cleaned = orphaned.clean(List.of(id)).getFirst();

    assertThat(cleaned.outcome()).isEqualTo("kept");
    assertThat(stage.reality.reality().running(id)).isTrue();
  }

  @Test
  void aProvisioningThatRunsIsLeftAloneAtEveryPoint() throws Exception {
    known();
    for (String act : List.of("create", "start", "secure")) {
      for (Moment moment : Moment.values()) {
        var reached = new AtomicBoolean();
        var goOn = new CountDownLatch(1);
        stage.reality.crashAt(
            (now, fence, at) -> {
              if (now.equals(act) && at == moment && reached.compareAndSet(false, true)) {
                goOn.await();
              }
            });
        String id = Identifiers.next("ins");
        String operation =
            stage.beginProvision(id, "m_" + act + (moment == Moment.BEFORE ? "_b" : "_a"));
        await().untilTrue(reached);

        Cleaned cleaned = orphaned.clean(List.of(id)).getFirst();

        assertThat(cleaned.outcome()).as(act + " " + moment).isEqualTo("kept");
        assertThat(cleaned.why()).isEqualTo("an operation works on it");
        goOn.countDown();
        assertThat(stage.await(operation).succeeded()).isTrue();
        assertThat(stage.reality.reality().running(id)).isTrue();
      }
    }
  }

  @Test
  void nothingBeginsOnASubjectWhileItIsCleaned() throws Exception {
    known();
    String id = Identifiers.next("ins");
    plant(id);
    var moving = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    stage.driver.beforeTrash(
        () -> {
          moving.countDown();
          goOn.await();
        });
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var cleaned = threads.submit(() -> orphaned.clean(List.of(id)).getFirst());
      moving.await();
      var begun = threads.submit(() -> stage.beginProvision(id, "late"));

      // It waits for the row that the cleaning holds.
      assertThatThrownBy(() -> begun.get(300, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);
      goOn.countDown();

      assertThat(cleaned.get().outcome()).isEqualTo("moved");
      assertThat(stage.await(begun.get()).outcome()).isEqualTo(Outcome.SUCCEEDED);
      assertThat(stage.reality.reality().running(id)).isTrue();
    }
  }

  @Test
  void whatAGivenUpOperationLeftIsStruckOut() throws Exception {
    String id = stage.provision("main");
    assertThat(stage.destroy(id).succeeded()).isTrue();
    known();
    stage.database.execute(
        """
        insert into ledger (subject, operation, step, kind, name, state)
        select subject, id, 'create', 'directory', subject, 'MADE' from operation where subject = '%s' limit 1"""
            .formatted(id));
    plant(id);

    Cleaned cleaned = orphaned.clean(List.of(id)).getFirst();

    assertThat(cleaned.outcome()).isEqualTo("moved");
    assertThat(stage.engine.openLedger(id)).isEmpty();
    assertThat(
            stage.texts(
                "select proof from ledger where subject = '"
                    + id
                    + "' and kind = 'directory' order by number desc limit 1"))
        .first()
        .asString()
        .startsWith("moved to the trash as ");
  }

  @Test
  void nothingIsCleanedWhereTheControlDatabaseIsNotBelieved() throws Exception {
    String id = Identifiers.next("ins");
    plant(id);

    assertThatThrownBy(() -> orphaned.clean(List.of(id))).isInstanceOf(ApiException.class);

    assertThat(stage.reality.reality().instances()).contains(id);
  }

  /// The control database knows its installation.
  private void known() throws Exception {
    janitor.round();
  }

  private void plant(String id) throws Exception {
    long epoch = 1 + stage.reality.reality().highestEpoch(id);
    stage.reality.create(
        new Fence(id, epoch),
        new InstanceSpecification(id, "org_one", new Endpoint("localhost", 40_999)));
  }
}
