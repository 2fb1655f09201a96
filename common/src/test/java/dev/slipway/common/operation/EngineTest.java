package dev.slipway.common.operation;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.OperationView.StepState;
import dev.slipway.common.operation.Yard.State;
import dev.slipway.common.outbox.Event;
import dev.slipway.common.outbox.EventType;
import dev.slipway.common.outbox.Message;
import dev.slipway.common.outbox.Outbox;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The engine on a real Postgres.
final class EngineTest {

  private static final Duration PATIENCE = ofMinutes(2);
  private static final KernelDatabase DATABASE = KernelDatabase.fresh();

  private final Yard yard = new Yard(DATABASE);
  private final CountDownLatch gate = new CountDownLatch(1);

  @AfterEach
  void close() {
    gate.countDown();
    yard.close();
  }

  private static StepOutcome<State> done(StepContext<Yard.Input, State> context) {
    return StepOutcome.done(context.state());
  }

  private StepOutcome<State> waitAtGate(StepContext<Yard.Input, State> context)
      throws InterruptedException {
    gate.await();
    return done(context);
  }

  private static String begin(OperationEngine engine, String kind, String name)
      throws SQLException {
    return OperationKit.id(engine.begin(Yard.request(kind, name)));
  }

  private static OperationView end(OperationEngine engine, String operation) throws Exception {
    return engine.awaitEnd(operation, PATIENCE);
  }

  private static void awaitStep(OperationEngine engine, String operation, String step) {
    await()
        .atMost(PATIENCE)
        .pollInterval(ofMillis(5))
        .until(() -> engine.view(operation).orElseThrow().step().equals(step));
  }

  private static void awaitPhase(OperationEngine engine, String operation, Phase phase) {
    await()
        .atMost(PATIENCE)
        .pollInterval(ofMillis(5))
        .until(() -> engine.view(operation).orElseThrow().phase() == phase);
  }

  // NullAway does not read the bound of the type parameter from a class file.
  @SuppressWarnings("NullAway")
  private static @Nullable String text(String sql) {
    return DATABASE.text(sql);
  }

  private static <T> List<T> parallel(int times, Callable<T> work) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<T> results = new ArrayList<>();
      for (Future<T> result : threads.invokeAll(Collections.nCopies(times, work))) {
        results.add(result.get());
      }
      return results;
    }
  }

  // ---- Beginning

  @Test
  void fiftyCallsWithOneKeyAreOneOperation() throws Exception {
    OperationEngine engine = yard.replica("one");
    var key = new BeginRequest.Idempotency("POST /things", "key", "digest");

    List<Begun> begun =
        parallel(50, () -> engine.begin(Yard.request("yard.work", "keyed", "org_1", key)));

    assertThat(begun).filteredOn(Begun.New.class::isInstance).hasSize(1);
    assertThat(begun).extracting(OperationKit::id).containsOnly(OperationKit.id(begun.getFirst()));
    assertThat(text("select count(*) from operation")).isEqualTo("1");
  }

  @Test
  void aKeyWithAnotherBodyIsReused() throws Exception {
    OperationEngine engine = yard.replica("one");
    var key = new BeginRequest.Idempotency("POST /things", "key", "digest");
    engine.begin(Yard.request("yard.work", "keyed", "org_1", key));

    Begun again =
        engine.begin(
            Yard.request(
                "yard.work",
                "keyed",
                "org_1",
                new BeginRequest.Idempotency("POST /things", "key", "another")));

    assertThat(again).isEqualTo(new Begun.KeyReused());
  }

  @Test
  void aKeyBelongsToItsOrganization() throws Exception {
    OperationEngine engine = yard.replica("one");
    var key = new BeginRequest.Idempotency("POST /things", "key", "digest");

    Begun first = engine.begin(Yard.request("yard.work", "here", "org_1", key));
    Begun second = engine.begin(Yard.request("yard.work", "there", "org_2", key));

    assertThat(first).isInstanceOf(Begun.New.class);
    assertThat(second).isInstanceOf(Begun.New.class);
  }

  @Test
  void aKeyIsFreeAgainWhenTheSubjectWasBusy() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("first", this::waitAtGate);
    String active = begin(engine, "yard.work", "busy");
    var key = new BeginRequest.Idempotency("POST /things", "key", "digest");
    assertThat(engine.begin(Yard.request("yard.work", "busy", "org_1", key)))
        .isInstanceOf(Begun.Busy.class);
    gate.countDown();
    end(engine, active);

    Begun again = engine.begin(Yard.request("yard.work", "busy", "org_1", key));

    assertThat(again).isInstanceOf(Begun.New.class);
  }

  @Test
  void keysAreForgottenAfterSevenDays() throws Exception {
    OperationEngine engine = yard.replica("one");
    var key = new BeginRequest.Idempotency("POST /things", "key", "digest");
    engine.begin(Yard.request("yard.work", "keyed", "org_1", key));
    DATABASE.execute("update idempotency_key set claimed_at = claimed_at - interval '8 days'");

    yard.replica("two");

    await().atMost(PATIENCE).until(() -> "0".equals(text("select count(*) from idempotency_key")));
  }

  @Test
  void theSameIdentifierTwiceIsTheSameOperation() throws Exception {
    OperationEngine engine = yard.replica("one");
    String id = Yard.newId();
    BeginRequest asked = Yard.request("yard.work", "chosen");
    var request =
        new BeginRequest(
            id,
            asked.kind(),
            asked.subject(),
            asked.subjectName(),
            asked.organization(),
            asked.requestedBy(),
            List.of(),
            asked.input(),
            null);

    List<Begun> begun = parallel(10, () -> engine.begin(request));

    assertThat(begun).containsOnlyOnce(new Begun.New(id));
    assertThat(begun).contains(new Begun.Same(id));
  }

  @Test
  void aBusySubjectTellsWhoWorksOnItAndWhat() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("second", this::waitAtGate);
    String active = begin(engine, "yard.work", "busy");
    awaitStep(engine, active, "second");

    Begun second = engine.begin(Yard.request("yard.swap", "busy"));

    assertThat(second)
        .isInstanceOfSatisfying(
            Begun.Busy.class,
            busy -> {
              assertThat(busy.active().id()).isEqualTo(active);
              assertThat(busy.active().kind()).isEqualTo("yard.work");
              assertThat(busy.active().requestedBy()).isEqualTo("ann");
              assertThat(busy.active().createdAt()).isNotNull();
            });
  }

  @Test
  void whatIsRolledBackHasNotBegun() throws Exception {
    OperationEngine engine = yard.replica("one");
    Transactions transactions = DATABASE.transactions();
    var own =
        new OperationStore(
            transactions,
            new OperationCatalog(List.of(new Yard.Work(yard))),
            new KernelSettings("s", "r", "yop", Yard.EVENTS, ofSeconds(30), Map.of()),
            new Outbox("s", Clock.systemUTC()),
            () -> {});

    assertThatThrownBy(
            () ->
                transactions.inNew(
                    connection -> {
                      own.begin(connection, Yard.request("yard.work", "never"), true);
                      throw new IllegalStateException("The caller thought better of it");
                    }))
        .hasMessage("The caller thought better of it");

    assertThat(engine.activeOn("yrd_never")).isEmpty();
    assertThat(yard.outbox(Yard.EVENTS)).isEmpty();
  }

  // ---- Turns

  @Test
  void commandsOfOtherServicesWaitTheirTurnInOrder() throws Exception {
    OperationEngine engine = yard.replica("one");
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    yard.does("first", this::waitAtGate);
    yard.does(
        "third",
        context -> {
          order.add(context.operation());
          return done(context);
        });
    String active = begin(engine, "yard.work", "queue");
    List<String> asked = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      String id = Yard.newId();
      yard.obey(engine, Yard.asked(id, "yard.work", "queue", "xop_asker" + i));
      asked.add(id);
    }
    OperationView queued = engine.view(asked.get(2)).orElseThrow();
    assertThat(queued.phase()).isEqualTo(Phase.QUEUED);
    assertThat(queued.waitingFor())
        .isEqualTo(
            "its turn: %s (yard.work) has the subject, and 2 more are before it".formatted(active));

    gate.countDown();

    for (String id : asked) {
      assertThat(end(engine, id).succeeded()).isTrue();
    }
    assertThat(order.getFirst()).isEqualTo(active);
    assertThat(order.subList(1, order.size())).isEqualTo(asked);
  }

  @Test
  void whatWaitsInTheQueueCanBeCancelled() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("first", this::waitAtGate);
    String active = begin(engine, "yard.work", "queue");
    String queued = Yard.newId();
    yard.obey(engine, Yard.asked(queued, "yard.work", "queue", "xop_asker"));

    assertThat(engine.cancel(queued)).isTrue();
    gate.countDown();

    assertThat(end(engine, queued).outcome()).isEqualTo(Outcome.CANCELLED);
    assertThat(end(engine, active).succeeded()).isTrue();
  }

  @Test
  void whatMayNotBeginAnyMoreWhenItsTurnComesIsRefused() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("first", this::waitAtGate);
    String active = begin(engine, "yard.work", "queue");
    String refused = Yard.newId();
    String swap = Yard.newId();
    yard.obey(engine, Yard.asked(refused, "yard.work", "queue", "xop_asker"));
    yard.obey(engine, Yard.asked(swap, "yard.swap", "queue", "xop_asker"));
    yard.refusals.put("yrd_queue", new Cause("gone", "It is gone"));

    gate.countDown();

    assertThat(end(engine, active).succeeded()).isTrue();
    OperationView view = end(engine, refused);
    assertThat(view.outcome()).isEqualTo(Outcome.REFUSED);
    assertThat(view.cause()).isEqualTo(new Cause("gone", "It is gone"));
    assertThat(end(engine, swap).succeeded()).isTrue();
  }

  @Test
  void aChildOfTheSubjectsOwnOperationRunsAndThenTheParentGoesOn() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does(
        "second",
        context ->
            context.child().isPresent()
                ? done(context)
                : StepOutcome.await(Yard.child(context, "yard.swap", "family"), "its child"));
    String parent = begin(engine, "yard.work", "family");

    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              yard.carry(engine);
              return engine.view(parent).orElseThrow().ended();
            });

    OperationView end = engine.view(parent).orElseThrow();
    assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.SUCCEEDED);
    assertThat(text("select outcome from operation where kind = 'yard.swap'"))
        .isEqualTo("SUCCEEDED");
    assertThat(text("select active_operation from subject where id = 'yrd_family'")).isNull();
  }

  @Test
  void cancellingAParentCancelsTheChildThatHasItsSubject() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("prepare", context -> StepOutcome.again(ofMillis(20), "the paint to dry"));
    yard.does(
        "second",
        context ->
            context.child().isPresent()
                ? done(context)
                : StepOutcome.await(Yard.child(context, "yard.swap", "family"), "its child"));
    String parent = begin(engine, "yard.work", "family");
    awaitStep(engine, parent, "second");
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              yard.carry(engine);
              return text("select 1 from operation where kind = 'yard.swap'") != null;
            });

    assertThat(engine.cancel(parent)).isTrue();

    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              yard.carry(engine);
              return engine.view(parent).orElseThrow().ended();
            });
    assertThat(engine.view(parent).orElseThrow().outcome()).isEqualTo(Outcome.CANCELLED);
    assertThat(text("select outcome from operation where kind = 'yard.swap'"))
        .isEqualTo("CANCELLED");
  }

  @Test
  void aDestroyTakesOverFromParentChildAndQueue() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("prepare", context -> StepOutcome.again(ofMillis(20), "the paint to dry"));
    yard.does(
        "second",
        context -> StepOutcome.await(Yard.child(context, "yard.swap", "family"), "its child"));
    String parent = begin(engine, "yard.work", "family");
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              yard.carry(engine);
              return text("select 1 from operation where kind = 'yard.swap'") != null;
            });
    String queued = Yard.newId();
    yard.obey(engine, Yard.asked(queued, "yard.take", "family", "xop_asker"));
    String epoch = text("select epoch from subject where id = 'yrd_family'");

    String destroy = begin(engine, "yard.destroy", "family");

    assertThat(end(engine, destroy).succeeded()).isTrue();
    assertThat(engine.view(parent).orElseThrow().outcome()).isEqualTo(Outcome.SUPERSEDED);
    assertThat(engine.view(queued).orElseThrow().outcome()).isEqualTo(Outcome.SUPERSEDED);
    assertThat(text("select outcome from operation where kind = 'yard.swap'"))
        .isEqualTo("SUPERSEDED");
    assertThat(
            Long.parseLong(
                String.valueOf(text("select epoch from subject where id = 'yrd_family'"))))
        .isGreaterThan(Long.parseLong(String.valueOf(epoch)));
    assertThat(text("select active_operation from subject where id = 'yrd_family'")).isNull();
  }

  @Test
  void aDestroyStopsTheChildThatNobodyWaitsForAnyMore() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("prepare", context -> StepOutcome.again(ofMillis(20), "the paint to dry"));
    yard.does(
        "second",
        context -> StepOutcome.await(Yard.child(context, "yard.swap", "elsewhere"), "its child"));
    begin(engine, "yard.work", "asker");
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              yard.carry(engine);
              return text("select 1 from operation where kind = 'yard.swap'") != null;
            });

    end(engine, begin(engine, "yard.destroy", "asker"));
    yard.carry(engine);

    await()
        .atMost(PATIENCE)
        .until(
            () ->
                "CANCELLED".equals(text("select outcome from operation where kind = 'yard.swap'")));
  }

  @Test
  void aSecondDestroyIsTheFirst() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("remove", this::waitAtGate);
    String first = begin(engine, "yard.destroy", "gone");

    assertThat(engine.begin(Yard.request("yard.destroy", "gone"))).isEqualTo(new Begun.Same(first));
  }

  @Test
  void aDestroyOfAStuckDestroyTriesItAgain() throws Exception {
    OperationEngine engine = yard.replica("one");
    AtomicBoolean broken = new AtomicBoolean(true);
    yard.does(
        "remove",
        context -> broken.get() ? StepOutcome.failed("fault", "It broke") : done(context));
    String first = begin(engine, "yard.destroy", "gone");
    assertThat(end(engine, first).phase()).isEqualTo(Phase.STUCK);
    broken.set(false);

    assertThat(engine.begin(Yard.request("yard.destroy", "gone"))).isEqualTo(new Begun.Same(first));

    awaitPhase(engine, first, Phase.ENDED);
    assertThat(end(engine, first).succeeded()).isTrue();
  }

  // ---- Commands

  @Test
  void aCommandReceivedAgainIsAnsweredAgain() throws Exception {
    OperationEngine engine = yard.replica("one");
    String id = Yard.newId();
    OperationCommand.Begin command = Yard.asked(id, "yard.work", "asked", "xop_asker");
    yard.obey(engine, command);
    end(engine, id);
    int before = endedEvents(id);

    yard.obey(engine, command);

    assertThat(endedEvents(id)).isEqualTo(before + 1);
    assertThat(text("select count(*) from operation")).isEqualTo("1");
  }

  private int endedEvents(String id) throws SQLException {
    int ended = 0;
    for (Message message : yard.outbox(Yard.EVENTS)) {
      if (message.type().equals("slipway.operation.ended.v1")
          && message.data().get("operation").asText().equals(id)) {
        ended++;
      }
    }
    return ended;
  }

  @Test
  void aBeginThatComesAfterItsCancelIsRefused() throws Exception {
    OperationEngine engine = yard.replica("one");
    String id = Yard.newId();
    yard.obey(
        engine,
        new OperationCommand.Cancel(
            id, "yard.work", "yrd_late", "org_1", "other-service", List.of("xop_asker")));

    yard.obey(engine, Yard.asked(id, "yard.work", "late", "xop_asker"));

    assertThat(engine.view(id).orElseThrow().outcome()).isEqualTo(Outcome.CANCELLED);
    assertThat(endedEvents(id)).isEqualTo(2);
    assertThat(text("select active_operation from subject where id = 'yrd_late'")).isNull();
  }

  @Test
  void whatMayNotBeginIsRefusedWithItsCause() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.refusals.put("yrd_shut", new Cause("closed", "It is closed"));
    String id = Yard.newId();

    yard.obey(engine, Yard.asked(id, "yard.work", "shut", "xop_asker"));

    OperationView view = engine.view(id).orElseThrow();
    assertThat(view.outcome()).isEqualTo(Outcome.REFUSED);
    assertThat(view.cause()).isEqualTo(new Cause("closed", "It is closed"));
    assertThat(endedEvents(id)).isEqualTo(1);
    assertThat(
            text(
                "select string_agg(payload::jsonb ->> 'type', ' ' order by seq) from outbox where payload like '%"
                    + id
                    + "%'"))
        .isEqualTo("slipway.operation.begun.v1 slipway.operation.ended.v1");
  }

  // ---- Time

  @Test
  void aStepFoundPastItsDeadlineGoesOnWhenItHasComeFurther() throws Exception {
    OperationEngine engine = yard.replica("one");
    AtomicLong lines = new AtomicLong();
    AtomicBoolean through = new AtomicBoolean();
    yard.does(
        "second",
        context ->
            through.get()
                ? done(context)
                : StepOutcome.again(ofMillis(20), "the paint to dry", lines.incrementAndGet()));
    String operation = begin(engine, "yard.work", "painted");
    awaitStep(engine, operation, "second");

    DATABASE.execute(
        "update operation set step_deadline = platform_now() - 1, step_limit = deadline where id = '%s'"
            .formatted(operation));

    long seen = lines.get();
    await().atMost(ofSeconds(10)).until(() -> lines.get() > seen + 3);
    assertThat(engine.view(operation).orElseThrow().phase()).isEqualTo(Phase.RUNNING);
    assertThat(
            text(
                "select (step_deadline > platform_now() and reported > 3)::text from operation where id = '%s'"
                    .formatted(operation)))
        .isEqualTo("true");
    through.set(true);
    assertThat(end(engine, operation).outcome()).isEqualTo(Outcome.SUCCEEDED);
  }

  @Test
  void deadlinesDoNotPassWhileNothingRuns() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("second", context -> StepOutcome.again(ofMillis(20), "the paint to dry"));
    String operation = begin(engine, "yard.work", "sleeper");
    awaitStep(engine, operation, "second");
    engine.close();
    DATABASE.execute("update platform_clock set ticked_at = ticked_at - interval '3 hours'");
    yard.does("second", EngineTest::done);

    OperationView end = end(yard.replica("one"), operation);

    assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.SUCCEEDED);
    assertThat(Long.parseLong(String.valueOf(text("select running_millis from platform_clock"))))
        .isLessThan(60_000);
  }

  @Test
  void aStepPastItsDeadlineIsAskedOnceMore() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("third", context -> StepOutcome.again(ofMillis(20), "the paint to dry"));
    String operation = begin(engine, "yard.work", "late");
    awaitStep(engine, operation, "third");
    engine.close();
    DATABASE.execute("update platform_clock set running_millis = running_millis + 3600000");
    AtomicInteger asked = new AtomicInteger();
    yard.does(
        "third",
        context -> {
          asked.incrementAndGet();
          return done(context);
        });

    OperationView end = end(yard.replica("one"), operation);

    assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.SUCCEEDED);
    assertThat(asked).hasValue(1);
  }

  @Test
  void lookingAfterTheDeadlineMayTakeItsTime() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("third", context -> StepOutcome.again(ofMillis(20), "the paint to dry"));
    String operation = begin(engine, "yard.work", "late");
    awaitStep(engine, operation, "third");
    engine.close();
    DATABASE.execute("update platform_clock set running_millis = running_millis + 3600000");
    CountDownLatch never = new CountDownLatch(1);
    yard.does(
        "third",
        context -> {
          // Longer than the keeper's second.
          assertThat(never.await(1500, TimeUnit.MILLISECONDS)).isFalse();
          return done(context);
        });

    OperationView end = end(yard.replica("one"), operation);

    assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.SUCCEEDED);
  }

  @Test
  void aStepThatIsNotDoneInTimeIsUndone() throws Exception {
    OperationEngine engine = yard.replica("one");
    List<String> undone = Collections.synchronizedList(new ArrayList<>());
    yard.does("second", context -> StepOutcome.again(ofMillis(20), "the paint to dry"));
    for (String step : List.of("first", "second")) {
      yard.undoes(
          step,
          context -> {
            undone.add(step);
            return UndoOutcome.undone("Nothing was found");
          });
    }
    String operation = begin(engine, "yard.work", "late");
    awaitStep(engine, operation, "second");

    DATABASE.execute("update platform_clock set running_millis = running_millis + 150000");

    OperationView end = end(engine, operation);
    assertThat(end.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(end.cause()).extracting(Cause::code).isEqualTo("deadline");
    assertThat(undone).containsExactly("second", "first");
  }

  // ---- Failing

  @Test
  void anEffectIsInterruptedByCancel() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("second", this::waitAtGate);
    String operation = begin(engine, "yard.work", "slow");
    awaitStep(engine, operation, "second");

    assertThat(engine.cancel(operation)).isTrue();

    OperationView end = end(engine, operation);
    assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.CANCELLED);
    assertThat(gate.getCount()).isEqualTo(1);
  }

  @Test
  void whatIsStuckCanBeTriedAgain() throws Exception {
    OperationEngine engine = yard.replica("one");
    AtomicBoolean broken = new AtomicBoolean(true);
    yard.does(
        "clear", context -> broken.get() ? StepOutcome.failed("fault", "It broke") : done(context));
    String operation = begin(engine, "yard.swap", "stuck");
    OperationView stuck = end(engine, operation);
    assertThat(stuck.phase()).isEqualTo(Phase.STUCK);
    assertThat(stuck.cause()).isEqualTo(new Cause("fault", "It broke"));
    assertThat(stuck.next())
        .isEqualTo(
            "slipway ops retry %s, or slipway ops cancel --abandon %s"
                .formatted(operation, operation));
    assertThat(engine.cancel(operation)).as("only forward is left").isFalse();
    broken.set(false);

    assertThat(engine.retry(operation)).isTrue();

    awaitPhase(engine, operation, Phase.ENDED);
    assertThat(end(engine, operation).succeeded()).isTrue();
    assertThat(engine.retry(operation)).isFalse();
  }

  @Test
  void whatIsAbandonedLeavesItsOpenRows() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("clear", context -> StepOutcome.failed("fault", "It broke"));
    String operation = begin(engine, "yard.swap", "orphan");
    assertThat(end(engine, operation).phase()).isEqualTo(Phase.STUCK);

    assertThat(engine.abandon(operation)).isTrue();

    assertThat(engine.view(operation).orElseThrow().outcome()).isEqualTo(Outcome.ABANDONED);
    assertThat(engine.openLedger("yrd_orphan"))
        .extracting(LedgerRow::state)
        .containsExactly(LedgerRow.State.MADE);
    assertThat(engine.begin(Yard.request("yard.work", "orphan"))).isInstanceOf(Begun.New.class);
  }

  @Test
  void whatIsStuckInUnwindingIsUnwoundFurtherOnRetry() throws Exception {
    OperationEngine engine = yard.replica("one");
    AtomicBoolean broken = new AtomicBoolean(true);
    yard.does("second", context -> StepOutcome.failed("fault", "It broke"));
    yard.undoes(
        "first",
        context ->
            broken.get()
                ? UndoOutcome.failed("held", "Somebody holds it")
                : UndoOutcome.undone("Nothing was found"));
    String operation = begin(engine, "yard.work", "held");
    OperationView stuck = end(engine, operation);
    assertThat(stuck.phase()).isEqualTo(Phase.STUCK);
    assertThat(stuck.cause()).isEqualTo(new Cause("held", "Somebody holds it"));
    broken.set(false);

    assertThat(engine.cancel(operation)).isTrue();

    awaitPhase(engine, operation, Phase.ENDED);
    OperationView ended = end(engine, operation);
    assertThat(ended.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(ended.cause()).isEqualTo(new Cause("fault", "It broke"));
    assertThat(ended.steps().getFirst().state()).isEqualTo(OperationView.StepState.UNDONE);
  }

  @Test
  void whatIsStuckGivesWayToADestroy() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("clear", context -> StepOutcome.failed("fault", "It broke"));
    String operation = begin(engine, "yard.swap", "stuck");
    end(engine, operation);

    assertThat(end(engine, begin(engine, "yard.destroy", "stuck")).succeeded()).isTrue();

    assertThat(engine.view(operation).orElseThrow().outcome()).isEqualTo(Outcome.SUPERSEDED);
  }

  @Test
  void aStepThatThisVersionDoesNotKnowIsStuckAndSaysSo() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("second", context -> StepOutcome.again(ofMillis(20), "the paint to dry"));
    String operation = begin(engine, "yard.work", "old");
    awaitStep(engine, operation, "second");
    engine.close();
    DATABASE.execute("update operation set step = 'varnish' where id = '%s'".formatted(operation));

    OperationEngine newer = yard.replica("one");
    OperationView stuck = end(newer, operation);

    assertThat(stuck.phase()).isEqualTo(Phase.STUCK);
    assertThat(stuck.cause()).extracting(Cause::code).isEqualTo("unknown-step");
    assertThat(stuck.next())
        .isEqualTo(
            "start a version that knows the step varnish, then slipway ops retry " + operation);
    assertThat(newer.cancel(operation)).isFalse();
    assertThat(newer.retry(operation)).isFalse();
    assertThat(end(newer, begin(newer, "yard.destroy", "old")).succeeded()).isTrue();
  }

  @Test
  void aKindThatThisVersionDoesNotKnowIsStuckAndSaysSo() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("second", context -> StepOutcome.again(ofMillis(20), "the paint to dry"));
    String operation = begin(engine, "yard.work", "old");
    awaitStep(engine, operation, "second");
    engine.close();

    OperationEngine newer =
        yard.replica(
            new OperationCatalog(List.of(new Yard.Destroy(yard))), "one", ofSeconds(30), 8, 1);
    OperationView stuck = end(newer, operation);

    assertThat(stuck.phase()).isEqualTo(Phase.STUCK);
    assertThat(stuck.cause()).extracting(Cause::code).isEqualTo("unknown-step");
    assertThat(newer.retry(operation)).isFalse();
    assertThat(end(newer, begin(newer, "yard.destroy", "old")).succeeded()).isTrue();
  }

  @Test
  void aChangeThatTheDatabaseRefusesIsTriedAgainUntilTheDeadline() throws Exception {
    OperationEngine engine = yard.replica("one");
    AtomicInteger tries = new AtomicInteger();
    yard.does(
        "second",
        context ->
            StepOutcome.done(context.state())
                .also(
                    () -> {
                      if (tries.incrementAndGet() < 3) {
                        throw new IllegalStateException("The aggregate does not allow it");
                      }
                    }));

    OperationView end = end(engine, begin(engine, "yard.work", "change"));

    assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.SUCCEEDED);
    assertThat(tries).hasValue(3);
  }

  @Test
  void aChangeThatIsNeverPossibleIsUndone() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does(
        "second",
        context ->
            StepOutcome.done(context.state())
                .also(
                    () -> {
                      throw new IllegalStateException("The aggregate does not allow it");
                    }));
    String operation = begin(engine, "yard.work", "change");
    awaitStep(engine, operation, "second");

    DATABASE.execute("update platform_clock set running_millis = running_millis + 150000");

    OperationView end = end(engine, operation);
    assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.UNDONE);
  }

  @Test
  void aStepThatIsBrokenBeyondExceptionsFailsToo() throws Exception {
    OperationEngine engine = yard.replica("one");
    AtomicInteger tries = new AtomicInteger();
    yard.does(
        "second",
        context -> {
          if (tries.incrementAndGet() == 1) {
            throw new NoClassDefFoundError("dev/slipway/Missing");
          }
          return done(context);
        });

    OperationView end = end(engine, begin(engine, "yard.work", "broken"));

    assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.SUCCEEDED);
  }

  // ---- The ledger

  @Test
  void whoeverComesSecondChoosesAgain() throws Exception {
    OperationEngine engine = yard.replica("one");
    CountDownLatch bothChose = new CountDownLatch(2);
    yard.does(
        "choose",
        context -> {
          if (context.attempts() == 0) {
            bothChose.countDown();
            bothChose.await();
          }
          return StepOutcome.done(new State(5000 + context.attempts()));
        });

    String one = begin(engine, "yard.take", "one");
    String two = begin(engine, "yard.take", "two");

    assertThat(end(engine, one).succeeded()).isTrue();
    assertThat(end(engine, two).succeeded()).isTrue();
    Set<String> ports = new HashSet<>();
    engine.openLedger("yrd_one").forEach(row -> ports.add(row.resource().name()));
    engine.openLedger("yrd_two").forEach(row -> ports.add(row.resource().name()));
    assertThat(ports).containsExactlyInAnyOrder("5000", "5001");
  }

  @Test
  void theReceiptOfWhatWasUndoneSaysHowEachThingWasFoundGone() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("take", context -> StepOutcome.failed("fault", "It broke"));
    yard.undoes(
        "take",
        context -> {
          Map<Resource, String> proofs = new HashMap<>();
          context.openLedger().forEach(row -> proofs.put(row.resource(), "Looked under it"));
          return UndoOutcome.undone(proofs);
        });

    String operation = begin(engine, "yard.take", "receipt");
    assertThat(end(engine, operation).outcome()).isEqualTo(Outcome.UNDONE);

    Receipt receipt = engine.receipt(operation).orElseThrow();
    assertThat(receipt.things()).isNotEmpty().noneMatch(LedgerRow::open);
    assertThat(receipt.things())
        .allSatisfy(
            row -> {
              assertThat(row.operation()).isEqualTo(operation);
              assertThat(row.goneBy()).isEqualTo(operation);
              assertThat(row.goneAt()).isAfterOrEqualTo(row.plannedAt());
            });
    assertThat(receipt.things()).extracting(LedgerRow::proof).containsOnly("Looked under it");
    assertThat(receipt.others()).isEmpty();
  }

  @Test
  void theReceiptOfADestroyHasWhateverTheSubjectEverHad() throws Exception {
    OperationEngine engine = yard.replica("one");
    String made = begin(engine, "yard.swap", "ended");
    assertThat(end(engine, made).succeeded()).isTrue();
    yard.does(
        "remove",
        context ->
            StepOutcome.done(context.state())
                .striking(Map.of(new Resource("part", "ended"), "Looked under it")));

    String destroy = begin(engine, "yard.destroy", "ended");
    assertThat(end(engine, destroy).succeeded()).isTrue();

    Receipt receipt = engine.receipt(destroy).orElseThrow();
    assertThat(receipt.things())
        .isNotEmpty()
        .allSatisfy(
            row -> {
              assertThat(row.operation()).isEqualTo(made);
              assertThat(row.goneBy()).isEqualTo(destroy);
              assertThat(row.proof()).isEqualTo("Looked under it");
            });
    assertThat(receipt.others()).isEmpty();
    assertThat(engine.receipt("top_nobody")).isEmpty();
  }

  // ---- Admission

  @Test
  void noMoreHeavyStepsRunThanAllowedAndOrganizationsTakeTurns() throws Exception {
    OperationEngine engine = yard.replica("one");
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    yard.does(
        "build",
        context -> {
          most.accumulateAndGet(now.incrementAndGet(), Math::max);
          order.add(context.organization());
          waitAtGate(context);
          now.decrementAndGet();
          return done(context);
        });
    List<String> operations = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      operations.add(
          OperationKit.id(engine.begin(Yard.request("yard.build", "many" + i, "org_many", null))));
    }
    await().atMost(PATIENCE).until(() -> order.size() == 2);
    String modest =
        OperationKit.id(engine.begin(Yard.request("yard.build", "modest", "org_modest", null)));
    OperationView waiting = engine.view(modest).orElseThrow();
    assertThat(waiting.waitingFor()).isEqualTo("a free slot to build: 8 ahead");
    assertThat(engine.view(operations.getLast()).orElseThrow().waitingFor())
        .startsWith("a free slot to build: 7 ahead, ")
        .contains("(yard.build of many0)")
        .doesNotContain("modest");

    gate.countDown();

    for (String operation : operations) {
      assertThat(end(engine, operation).succeeded()).isTrue();
    }
    assertThat(end(engine, modest).succeeded()).isTrue();
    assertThat(most).hasValue(2);
    assertThat(order.indexOf("org_modest"))
        .as("it did not wait for all of the others")
        .isLessThan(5);
  }

  // ---- Replicas

  @Test
  void aReplicaThatStartsAgainTakesUpItsWorkAtOnce() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("second", context -> StepOutcome.again(ofMillis(20), "the paint to dry"));
    String operation = begin(engine, "yard.work", "again");
    awaitStep(engine, operation, "second");
    engine.close();
    DATABASE.execute(
        "update operation set leased_by = 'one', leased_until = clock_timestamp() + interval '1 hour'");
    yard.does("second", EngineTest::done);

    assertThat(yard.replica("one").awaitEnd(operation, ofSeconds(5)).succeeded()).isTrue();
  }

  @Test
  void anotherReplicaWaitsForTheLeaseToRunOut() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("second", context -> StepOutcome.again(ofMillis(20), "the paint to dry"));
    String operation = begin(engine, "yard.work", "leased");
    awaitStep(engine, operation, "second");
    engine.close();
    DATABASE.execute(
        "update operation set leased_by = 'one', leased_until = clock_timestamp() + interval '1 hour'");
    yard.does("second", EngineTest::done);
    OperationEngine other = yard.replica("two");

    OperationView early = other.awaitEnd(operation, ofMillis(500));

    assertThat(early.ended()).isFalse();
    DATABASE.execute("update operation set leased_until = clock_timestamp()");
    assertThat(end(other, operation).succeeded()).isTrue();
  }

  @Test
  void twoReplicasShareTheWorkWithoutGettingInEachOthersWay() throws Exception {
    OperationEngine one = yard.replica("one", ofSeconds(30), 4, 1);
    OperationEngine two = yard.replica("two", ofSeconds(30), 4, 1);
    Set<String> runners = Collections.synchronizedSet(new HashSet<>());
    AtomicInteger acts = new AtomicInteger();
    yard.does(
        "second",
        context -> {
          runners.add(
              String.valueOf(
                  text(
                      "select leased_by from operation where id = '%s'"
                          .formatted(context.operation()))));
          acts.incrementAndGet();
          return done(context);
        });
    List<String> operations = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      operations.add(begin(i % 2 == 0 ? one : two, "yard.work", "shared" + i));
    }

    for (String operation : operations) {
      OperationView end = one.awaitEnd(operation, PATIENCE);
      assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.SUCCEEDED);
    }

    assertThat(acts).as("each step was done by one of them").hasValue(100);
    assertThat(runners).containsExactlyInAnyOrder("one", "two");
  }

  @Test
  void whatWasReadBeforeAnotherReplicaClaimedItIsNotClaimedAgain() throws Exception {
    // The claim of one replica stands between the reading and the writing of another's.
    OperationStore one = store("one");
    OperationStore two = store("two");
    String operation =
        DATABASE
            .transactions()
            .inNew(
                connection ->
                    OperationKit.id(
                        one.begin(connection, Yard.request("yard.work", "raced"), false).begun()));
    StoredOperation claimed = one.leases().claim(Map.of(Admission.LIGHT, 10)).getFirst();
    assertThat(claimed.id()).isEqualTo(operation);

    // What the other replica read before that commit says that the operation is due.
    List<StoredOperation> again =
        DATABASE
            .transactions()
            .inNew(connection -> two.leases().claim(connection, Map.of("yrd_raced", "LIGHT")));

    assertThat(again).isEmpty();
    // Its claim still stands.

    one.commit(claimed, new Signal.Stepped(StepOutcome.done(new State(1))), null);
  }

  private OperationStore store(String replica) {
    return new OperationStore(
        DATABASE.transactions(),
        new OperationCatalog(
            List.of(
                new Yard.Work(yard),
                new Yard.Take(yard),
                new Yard.Keep(yard),
                new Yard.Destroy(yard))),
        new KernelSettings("yard-service", replica, "yop", Yard.EVENTS, ofSeconds(30), Map.of()),
        new Outbox("yard-service", Clock.systemUTC()),
        () -> {});
  }

  @Test
  void whatIsTakenAsItBeginsIsNobodyElsesUntilItsLeaseRunsOut() throws Exception {
    OperationStore one = store("one");
    OperationStore two = store("two");

    StoredOperation taken = taken(one, "yard.work", "taken");

    assertThat(taken.leasedBy()).isEqualTo("one");
    assertThat(two.leases().claim(Map.of(Admission.LIGHT, 10))).isEmpty();
    // Its process dies before anything is done.
    DATABASE.execute("update operation set leased_until = clock_timestamp() - interval '1 second'");
    StoredOperation claimed = two.leases().claim(Map.of(Admission.LIGHT, 10)).getFirst();
    assertThat(claimed.epoch()).isGreaterThan(taken.epoch());
    assertThatThrownBy(
            () -> one.commit(taken, new Signal.Stepped(StepOutcome.done(new State(1))), null))
        .isInstanceOf(OperationStore.Lost.class);
    assertThat(
            two.commit(claimed, new Signal.Stepped(StepOutcome.done(new State(1))), null)
                .leasedBy())
        .isEqualTo("two");
  }

  @Test
  void whatIsTakenHasTheEpochOfItsSubject() throws Exception {
    OperationStore one = store("one");
    StoredOperation first = taken(one, "yard.work", "taken");

    StoredOperation destroy = taken(one, "yard.destroy", "taken");

    assertThat(destroy.epoch()).isGreaterThan(first.epoch());
    assertThatThrownBy(
            () -> one.commit(first, new Signal.Stepped(StepOutcome.done(new State(1))), null))
        .isInstanceOf(OperationStore.Lost.class);
    assertThat(one.commit(destroy, new Signal.Threw(Cause.CANCELLED, false), null).epoch())
        .isEqualTo(destroy.epoch());
  }

  @Test
  void aRunnerCommitsWithoutReadingWhatItHasSeenLast() throws Exception {
    OperationStore one = store("one");
    StoredOperation taken = taken(one, "yard.work", "seen");

    StoredOperation next =
        one.commit(taken, new Signal.Stepped(StepOutcome.done(new State(1))), System.nanoTime());

    assertThat(next.progress().step()).isEqualTo("second");
    assertThat(next.version()).isEqualTo(taken.version() + 1);
    assertThat(next.leasedBy()).isEqualTo("one");
  }

  @Test
  void aRunnerWhoseOperationWasToldSomethingReadsItAgain() throws Exception {
    OperationStore one = store("one");
    StoredOperation taken = taken(one, "yard.work", "told");
    assertThat(one.signal(taken.id(), new Signal.CancelRequested())).isTrue();

    StoredOperation now =
        one.commit(taken, new Signal.Stepped(StepOutcome.done(new State(1))), System.nanoTime());

    assertThat(now.progress().cancelRequested()).isTrue();
    assertThat(now.progress().phase()).isEqualTo(Phase.UNWINDING);
    assertThat(text("select count(*) from outbox where payload like '%step-ended%'"))
        .as("nothing of the first try was written")
        .isEqualTo("1");
  }

  @EventType("yard.opened.v1")
  private record Opened() implements Event {}

  /// The first step of one has an undo, that of the other has none.
  @ParameterizedTest
  @ValueSource(strings = {"yard.work", "yard.take"})
  void whatIsTakenBackAtOnceIsNeitherToldNorWritten(String kind) throws Exception {
    OperationStore one = store("one");
    StoredOperation taken = taken(one, kind, "told");
    assertThat(one.signal(taken.id(), new Signal.CancelRequested())).isTrue();
    var written = new AtomicBoolean();

    one.commit(taken, new Signal.Stepped(opened(written)), System.nanoTime());

    assertThat(text("select count(*) from outbox where payload like '%yard.opened%'"))
        .isEqualTo("0");
    assertThat(written).isFalse();
  }

  private static StepOutcome<State> opened(AtomicBoolean written) {
    return StepOutcome.done(new State(1)).publishing(new Opened()).also(() -> written.set(true));
  }

  @Test
  void whatOutlivesUnwindingIsToldAndWritten() throws Exception {
    OperationStore one = store("one");
    StoredOperation taken = taken(one, "yard.keep", "kept");
    assertThat(one.signal(taken.id(), new Signal.CancelRequested())).isTrue();
    var written = new AtomicBoolean();

    StoredOperation now = one.commit(taken, new Signal.Stepped(opened(written)), System.nanoTime());

    assertThat(now.progress().outcome()).isEqualTo(Outcome.CANCELLED);
    assertThat(text("select count(*) from outbox where payload like '%yard.opened%'"))
        .isEqualTo("1");
    assertThat(written).isTrue();
  }

  @Test
  void aRunnerThatWasOvertakenCannotCommitWhatItHasSeenLast() throws Exception {
    OperationStore one = store("one");
    StoredOperation taken = taken(one, "yard.work", "raced");
    DATABASE.execute("update operation set leased_until = clock_timestamp() - interval '1 second'");
    StoredOperation claimed = store("two").leases().claim(Map.of(Admission.LIGHT, 10)).getFirst();
    assertThat(claimed.version()).as("only the epoch tells").isEqualTo(taken.version());

    assertThatThrownBy(
            () ->
                one.commit(
                    taken, new Signal.Stepped(StepOutcome.done(new State(1))), System.nanoTime()))
        .isInstanceOf(OperationStore.Lost.class);

    assertThat(text("select phase || ' ' || step from operation")).isEqualTo("RUNNING first");
  }

  @Test
  void aCommitWithoutReadingKnowsThePlatformsTime() throws Exception {
    OperationStore one = store("one");
    StoredOperation taken = taken(one, "yard.work", "slow");
    // Nothing but the keeper has looked at the clock while the step went on for ten minutes.
    DATABASE.execute("update platform_clock set running_millis = running_millis + 600000");
    one.clock().tick();

    one.commit(taken, new Signal.Stepped(StepOutcome.done(new State(1))), System.nanoTime());

    assertThat(
            text(
                "select step_deadline > platform_now() and deadline < platform_now() + 600000"
                    + " from operation"))
        .isEqualTo("t");
  }

  @Test
  void aCancelDoesNotRenewALeaseThatNobodyHolds() throws Exception {
    OperationStore one = store("one");
    StoredOperation taken = taken(one, "yard.work", "left");
    DATABASE.execute("update operation set leased_until = clock_timestamp() + interval '1 second'");
    String until = text("select leased_until::text from operation");

    assertThat(one.signal(taken.id(), new Signal.CancelRequested())).isTrue();
    assertThat(text("select leased_until::text from operation")).isEqualTo(until);

    one.leases().free(taken);
    one.signal(taken.id(), new Signal.CancelRequested());
    assertThat(text("select leased_by from operation")).isNull();
    assertThat(store("two").leases().claim(Map.of(Admission.LIGHT, 10))).hasSize(1);
  }

  @Test
  void whatNeedsAnotherSlotByNowIsNotClaimed() throws Exception {
    OperationStore one = store("one");
    one.leases().free(taken(one, "yard.work", "moved"));
    // What a look read before another replica went on with it.
    List<StoredOperation> claimed =
        DATABASE
            .transactions()
            .inNew(connection -> one.leases().claim(connection, Map.of("yrd_moved", "START")));

    assertThat(claimed).isEmpty();
    assertThat(text("select phase || epoch from operation")).isEqualTo("RUNNING1");
  }

  @Test
  void whatIsTakenAndLeftIsDueAtOnce() throws Exception {
    OperationStore one = store("one");
    StoredOperation taken = taken(one, "yard.work", "taken");

    one.leases().free(taken);

    assertThat(store("two").leases().claim(Map.of(Admission.LIGHT, 10)))
        .extracting(StoredOperation::id)
        .containsExactly(taken.id());
  }

  private static StoredOperation taken(OperationStore store, String kind, String name)
      throws SQLException {
    OperationStore.Beginning beginning =
        DATABASE
            .transactions()
            .inNew(connection -> store.begin(connection, Yard.request(kind, name), true));
    return Objects.requireNonNull(beginning.taken());
  }

  @Test
  void aRunnerThatWasOvertakenCannotCommit() throws Exception {
    OperationStore one = store("one");
    DATABASE
        .transactions()
        .inNew(connection -> one.begin(connection, Yard.request("yard.work", "raced"), false));
    StoredOperation claimed = one.leases().claim(Map.of(Admission.LIGHT, 10)).getFirst();
    DATABASE.execute("update operation set leased_until = clock_timestamp() - interval '1 second'");
    StoredOperation taken = store("two").leases().claim(Map.of(Admission.LIGHT, 10)).getFirst();
    assertThat(taken.epoch()).isGreaterThan(claimed.epoch());

    assertThatThrownBy(
            () -> one.commit(claimed, new Signal.Stepped(StepOutcome.done(new State(1))), null))
        .isInstanceOf(OperationStore.Lost.class);
    assertThat(one.leases().renew(List.of(claimed.id()))).isEmpty();
  }

  // ---- What people see

  @Test
  void aViewTellsWhatBecameOfEachStep() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("second", context -> StepOutcome.again(ofMillis(50), "the paint to dry"));
    String operation = begin(engine, "yard.work", "seen");
    awaitStep(engine, operation, "second");

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(engine.view(operation).orElseThrow().waitingFor())
                    .isEqualTo("the paint to dry"));
    OperationView view = engine.view(operation).orElseThrow();

    assertThat(view.subjectName()).isEqualTo("seen");
    assertThat(view.steps())
        .extracting(OperationView.StepView::name, OperationView.StepView::state)
        .containsExactly(
            tuple("first", StepState.DONE),
            tuple("second", StepState.RUNNING),
            tuple("third", StepState.PENDING));
    assertThat(view.deadlineMillisLeft()).isBetween(500_000L, 600_000L);
    OperationView later = engine.awaitChange(operation, view.version(), PATIENCE);
    assertThat(later.version()).isGreaterThan(view.version());
    yard.does("second", context -> StepOutcome.failed("fault", "It broke"));
    OperationView end = end(engine, operation);
    assertThat(end.steps())
        .extracting(OperationView.StepView::state)
        .containsExactly(StepState.UNDONE, StepState.UNDONE, StepState.PENDING);
    assertThat(end.deadlineMillisLeft()).isZero();
    assertThat(end.waitingFor()).isNull();
  }

  @Test
  void whoWaitsForAReplySaysWhoseAndSinceWhen() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does(
        "second",
        context -> StepOutcome.await(Yard.child(context, "yard.swap", "elsewhere"), "its child"));
    String operation = begin(engine, "yard.work", "asker");

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(engine.view(operation).orElseThrow().waitingFor())
                    .matches(
                        "reply from [a-z]+-service to `yard\\.swap` \\(yop_[0-9a-z]{26}\\), sent [0-9] s ago"));
  }

  @Test
  void whoWaitsForTheNextAttemptSaysWhatHasFailedAndWhenItComes() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does(
        "second",
        context -> {
          throw new DriverFailure.Transient("away", "Nobody answers");
        });
    String operation = begin(engine, "yard.work", "fails");

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(engine.view(operation).orElseThrow().waitingFor())
                    .matches("the next attempt in [0-9] s; the last one failed: Nobody answers"));
    OperationView view = engine.view(operation).orElseThrow();
    assertThat(view.steps().get(1).attempts()).isGreaterThan(3);
    assertThat(engine.cancel(operation)).isTrue();
  }

  @Test
  void whatIsUsualSaysWhenTheRestWillHaveEnded() throws Exception {
    OperationEngine engine = yard.replica("one");
    for (int i = 0; i < UsualDurations.LEAST; i++) {
      end(engine, begin(engine, "yard.work", "usual" + i));
    }
    DATABASE.execute(
        "update operation_step set entered_at = ended_at - interval '40 seconds' where step = 'third'");
    OperationEngine fresh = yard.replica("two");
    yard.does("second", this::waitAtGate);
    String operation = begin(engine, "yard.work", "now");
    awaitStep(engine, operation, "second");

    OperationView view = fresh.view(operation).orElseThrow();

    assertThat(view.usualMillis()).isNotNull();
    assertThat(view.steps().getLast().usualMillis()).isEqualTo(40_000);
    assertThat(view.expectedEndAt())
        .isBetween(Instant.now().plusSeconds(35), Instant.now().plusSeconds(41));
    gate.countDown();
    assertThat(end(engine, operation).expectedEndAt()).isNull();
  }

  @Test
  void listsAreOfOneOrganizationNewestFirst() throws Exception {
    OperationEngine engine = yard.replica("one");
    String first = begin(engine, "yard.work", "a");
    end(engine, first);
    String second = begin(engine, "yard.work", "b");
    engine.begin(Yard.request("yard.work", "c", "org_2", null));
    end(engine, second);

    assertThat(engine.list(OperationQuery.newest("org_1", 10)))
        .extracting(OperationView::id)
        .containsExactly(second, first);
    assertThat(engine.latest("yrd_a", "yard.work")).map(OperationView::id).contains(first);
    assertThat(engine.view("yop_unheard")).isEmpty();
  }

  @Test
  void everyChangeIsToldInOrder() throws Exception {
    OperationEngine engine = yard.replica("one");
    yard.does("second", context -> StepOutcome.failed("fault", "It broke"));
    String operation = begin(engine, "yard.work", "told");
    end(engine, operation);

    List<Message> told = yard.outbox(Yard.EVENTS);

    assertThat(told)
        .extracting(Message::type)
        .containsExactly(
            "slipway.operation.begun.v1",
            "slipway.operation.step-ended.v1",
            "slipway.operation.step-ended.v1",
            "slipway.operation.step-ended.v1",
            "slipway.operation.step-ended.v1",
            "slipway.operation.ended.v1");
    assertThat(told).extracting(Message::seq).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
    assertThat(told)
        .extracting(message -> message.data().get("operation").asText())
        .containsOnly(operation);
  }
}
