package dev.slipway.instance.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Outcome;
import dev.slipway.common.reconcile.Janitor;
import dev.slipway.instance.driver.FakeInstanceDriver.Moment;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.operation.SweepInstance;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The interleavings in which a janitor could take what is a user's, each of which it has to
/// survive; and that it still removes what is nobody's.
final class JanitorTest {

  private static final Duration APART = Duration.ofMinutes(10);

  private final ReconcileStage stage = new ReconcileStage();
  private final Janitor janitor = stage.janitor(APART);

  @AfterEach
  void close() {
    stage.close();
  }

  // ---- What it removes

  @Test
  void whatTheLedgerSaysIsGoneIsRemovedWhenSeenTwiceTenMinutesApart() throws Exception {
    String id = leftover();

    assertThat(janitor.round()).isEmpty();
    stage.passRunning(APART.minusSeconds(5));
    assertThat(janitor.round()).isEmpty();
    stage.passRunning(Duration.ofSeconds(6));
    List<String> begun = janitor.round();

    assertThat(begun).hasSize(1);
    assertThat(stage.await(begun.getFirst()).succeeded()).isTrue();
    assertThat(exists(id)).isFalse();
    assertThat(janitor.round()).isEmpty();
    assertThat(stage.texts("select name from discrepancy")).isEmpty();
  }

  @Test
  void oneLookIsNotTwo() throws Exception {
    String id = leftover();

    assertThat(stage.janitor(Duration.ZERO).round()).isEmpty();

    assertThat(exists(id)).isTrue();
  }

  // ---- What it must not touch

  @Test
  void provisioningThatRacesWithTheInventoryIsLeftAlone() throws Exception {
    // Ten minutes would be the deadline of the provisioning itself.
    Janitor hasty = stage.janitor(Duration.ofMillis(1));
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
        String operation = stage.beginProvision(id, (act + moment).toLowerCase(Locale.ROOT));
        await().untilTrue(reached);

        lookAgainAndAgain(hasty);

        goOn.countDown();
        assertThat(stage.await(operation).succeeded()).isTrue();
        lookAgainAndAgain(hasty);
        assertThat(stage.reality.reality().running(id)).isTrue();
      }
    }
    assertThat(stage.operations(SweepInstance.KIND)).isEmpty();
  }

  @Test
  void instanceThatCameIntoBeingAfterRealityWasListedIsKnownWhenTheBooksAreRead() throws Exception {
    stage.driver.afterInventory(
        () -> {
          try {
            stage.provision("main");
          } catch (Exception failure) {
            throw new IllegalStateException(failure);
          }
        });

    assertThat(janitor.round()).isEmpty();

    assertThat(stage.texts("select name from discrepancy")).isEmpty();
  }

  @Test
  void destroyBetweenTheListAndTheBooksLeavesNothingToSweep() throws Exception {
    String id = stage.provision("main");
    stage.driver.afterInventory(
        () -> {
          try {
            stage.destroy(id);
          } catch (Exception failure) {
            throw new IllegalStateException(failure);
          }
        });

    janitor.round();
    stage.passRunning(APART.plusSeconds(1));

    assertThat(janitor.round()).isEmpty();
    assertThat(stage.texts("select name from discrepancy")).isEmpty();
  }

  @Test
  void whatTheLedgerNeverHeardOfIsOnlyReported() throws Exception {
    janitor.round();
    // An older control database was restored: it knows the installation, and not this instance.
    String id = stranger(7);

    lookLongAndOften();

    assertThat(exists(id)).isTrue();
    assertThat(stage.operations(SweepInstance.KIND)).isEmpty();
    assertThat(janitor.report().discrepancies())
        .allMatch(known -> known.discrepancy().subject().equals(id))
        .anyMatch(known -> known.discrepancy().reason().contains("never heard"));
  }

  @Test
  void emptyControlDatabaseWithAFullDiskStartsNoJanitor() throws Exception {
    String id = stranger(7);
    String ours = stage.provision("main");

    lookLongAndOften();

    assertThat(janitor.alarm()).hasValueSatisfying(why -> assertThat(why).contains("never heard"));
    assertThat(stage.texts("select id from installation")).isEmpty();
    assertThat(exists(id)).isTrue();
    assertThat(exists(ours)).isTrue();
    assertThat(stage.operations(SweepInstance.KIND)).isEmpty();
  }

  @Test
  void controlDatabaseOfAnotherInstallationStartsNoJanitor() throws Exception {
    stage.database.execute("insert into installation (id) values ('another-installation')");
    String id = leftover();

    lookLongAndOften();

    assertThat(janitor.alarm())
        .hasValueSatisfying(why -> assertThat(why).contains("another-installation"));
    assertThat(exists(id)).isTrue();
  }

  @Test
  void firstStartWritesTheInstallationDown() throws Exception {
    stage.provision("main");

    janitor.round();

    assertThat(janitor.alarm()).isEmpty();
    assertThat(stage.texts("select id from installation"))
        .containsExactly(ReconcileStage.INSTALLATION);
  }

  @Test
  void restoredDatabaseThatIsBehindRealityIsRefusedByTheDriver() throws Exception {
    String id = leftover();
    // Somebody acted under an epoch that this database has not come to.
    stage.reality.create(new Fence(id, 1000), specification(id));
    janitor.round();
    stage.passRunning(APART.plusSeconds(1));

    List<String> begun = janitor.round();

    assertThat(begun).hasSize(1);
    await()
        .until(
            () ->
                stage.engine.view(begun.getFirst()).orElseThrow().attempts() > 1
                    || stage.engine.view(begun.getFirst()).orElseThrow().ended());
    assertThat(exists(id)).isTrue();
  }

  @Test
  void whatAnOpenRowNamesIsOnlyReported() throws Exception {
    String id = stage.provision("main");
    stage.instances.remove(id);

    lookLongAndOften();

    assertThat(exists(id)).isTrue();
    assertThat(stage.operations(SweepInstance.KIND)).isEmpty();
    assertThat(janitor.report().discrepancies()).isNotEmpty();
  }

  @Test
  void oneOpenRowProtectsTheWholeInstance() throws Exception {
    String id = leftover();
    stage.database.execute(
        "update ledger set state = 'MADE', proof = null, gone_at = null where subject = '%s' and kind = 'process'"
            .formatted(id));

    lookLongAndOften();

    assertThat(exists(id)).isTrue();
    assertThat(stage.operations(SweepInstance.KIND)).isEmpty();
  }

  @Test
  void instanceThatExistsIsLeftAloneEvenWhenItsRowsAreGone() throws Exception {
    String id = stage.provision("main");
    stage.database.execute("update ledger set state = 'GONE', proof = 'mistaken', gone_at = now()");

    lookLongAndOften();

    assertThat(stage.reality.reality().running(id)).isTrue();
    assertThat(stage.operations(SweepInstance.KIND)).isEmpty();
  }

  @Test
  void clockThatJumpsAheadDoesNotMakeOneLookTwo() throws Exception {
    String id = leftover();
    janitor.round();
    // As if the clock had jumped a day ahead, or the machine had slept that long.
    stage.database.execute("update platform_clock set ticked_at = ticked_at - interval '1 day'");
    assertThat(janitor.round()).isEmpty();
    await().pollDelay(Duration.ofMillis(1100)).until(() -> janitor.round().isEmpty());

    assertThat(exists(id)).isTrue();
  }

  @Test
  void clockThatJumpsBackRemovesNothingEither() throws Exception {
    String id = leftover();
    janitor.round();
    stage.database.execute("update platform_clock set ticked_at = ticked_at + interval '1 day'");

    assertThat(janitor.round()).isEmpty();

    assertThat(exists(id)).isTrue();
  }

  @Test
  void lookThatSaysOtherwiseStartsTheWaitAnew() throws Exception {
    String id = leftover();
    janitor.round();
    stage.passRunning(APART.minusSeconds(10));
    stage.database.execute(
        "update ledger set state = 'MADE', proof = null, gone_at = null where subject = '"
            + id
            + "'");
    janitor.round();
    stage.database.execute(
        "update ledger set state = 'GONE', proof = 'again', gone_at = now() where subject = '"
            + id
            + "'");
    janitor.round();
    stage.passRunning(Duration.ofSeconds(20));

    assertThat(janitor.round()).isEmpty();

    assertThat(exists(id)).isTrue();
  }

  @Test
  void twoReplicasThatBothLeadRemoveItOnce() throws Exception {
    String id = leftover();
    janitor.round();
    stage.passRunning(APART.plusSeconds(1));
    Janitor other = stage.janitor(APART);

    List<String> begun;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<List<String>> one = threads.submit(janitor::round);
      Future<List<String>> two = threads.submit(other::round);
      begun = Stream.of(one.get(), two.get()).flatMap(List::stream).toList();
    }

    assertThat(begun).isNotEmpty();
    for (String operation : begun) {
      assertThat(stage.await(operation).succeeded()).isTrue();
    }
    assertThat(exists(id)).isFalse();
  }

  @Test
  void trashIsNeverEmptied() throws Exception {
    String id = leftover();
    stage.reality.moveToTrash(id, List.of());

    lookLongAndOften();

    assertThat(stage.reality.inventory())
        .anyMatch(found -> found.resource().kind().equals("trash"));
    assertThat(stage.operations(SweepInstance.KIND)).isEmpty();
  }

  // ---- The removal looks again

  @Test
  void sweepOfSomethingThatIsAnybodysEndsUndone() throws Exception {
    String id = stage.provision("main");

    OperationView sweep = stage.run(SweepInstance.KIND, id, new SweepInstance.Input(List.of()));

    assertThat(sweep.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(sweep.cause()).isNotNull();
    assertThat(stage.reality.reality().running(id)).isTrue();
  }

  @Test
  void instanceWrittenDownAfterTheJanitorLookedIsSeenByTheSweep() throws Exception {
    String id = leftover();
    // The sweep lists reality, and only then the record appears.
    stage.driver.afterInventory(
        () ->
            stage.database.execute(
                """
                insert into instance (id, organization, name, kind, administrator, operation, created_by)
                values ('%s', 'org_one', 'main', 'PROVISIONED', 'demo_db', 'iop_1', 'demo')"""
                    .formatted(id)));

    OperationView sweep = stage.run(SweepInstance.KIND, id, new SweepInstance.Input(List.of()));

    assertThat(sweep.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(exists(id)).isTrue();
  }

  // ---- What is missing

  @Test
  void whatTheLedgerHasAndRealityHasNotIsReported() throws Exception {
    String id = stage.provision("main");
    stage.database.execute("update ledger set planned_at = planned_at - interval '1 hour'");
    stage.reality.destroy(new Fence(id, stage.reality.reality().highestEpoch(id)), id, List.of());

    janitor.round();

    assertThat(janitor.report().discrepancies())
        .extracting(
            known -> known.discrepancy().side() + " " + known.discrepancy().resource().kind())
        .containsExactlyInAnyOrder("MISSING directory", "MISSING process");
  }

  /// Something that a destroyed instance left: its rows are gone, and it is there.
  private String leftover() throws Exception {
    String id = stage.provision("left");
    assertThat(stage.destroy(id).succeeded()).isTrue();
    stage.reality.create(
        new Fence(id, stage.reality.reality().highestEpoch(id)), specification(id));
    return id;
  }

  /// Something that this control database knows nothing of.
  private String stranger(long epoch) throws Exception {
    String id = Identifiers.next("ins");
    stage.reality.create(new Fence(id, epoch), specification(id));
    return id;
  }

  private static InstanceSpecification specification(String id) {
    return new InstanceSpecification(id, "org_one", new Endpoint("localhost", 1199));
  }

  private boolean exists(String id) {
    return stage.reality.reality().instances().contains(id);
  }

  private void lookAgainAndAgain(Janitor hasty) throws Exception {
    for (int i = 0; i < 4; i++) {
      hasty.round();
      stage.passRunning(Duration.ofMillis(10));
    }
  }

  private void lookLongAndOften() throws Exception {
    for (int i = 0; i < 4; i++) {
      janitor.round();
      stage.passRunning(APART.plusSeconds(1));
    }
  }
}
