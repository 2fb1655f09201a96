package dev.slipway.common.operation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.operation.Cut.How;
import dev.slipway.common.operation.OperationEngine.Interruptions.Point;
import dev.slipway.common.outbox.Outbox;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.SortedSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/// Proves an operation: every step and undo killed before the act, after it and after the commit,
/// failing and stumbling; cancel, destroy and every other operation of its subject arriving at each
/// step; a paused runner overtaken by a destroy.
///
/// After each case the operation has ended, the ledger's open rows are just what exists, and what
/// exists is what the outcome says: all of it, or nothing more than before.
public final class OperationKit {

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final AtomicInteger CASES = new AtomicInteger();

  private final KernelDatabase database;
  private final Map<String, SortedSet<String>> undisturbed;

  /// Kits of a database each, on which cases run side by side; a case mostly waits.
  private final BlockingQueue<OperationKit> lanes = new LinkedBlockingQueue<>();

  private final Queue<FutureTask<Void>> started = new ConcurrentLinkedQueue<>();

  /// @param databases how many cases run at once, as each of them has one to itself
  public OperationKit(KernelDatabase... databases) {
    this(databases[0], new ConcurrentHashMap<>());
    for (KernelDatabase lane : databases) {
      lanes.add(new OperationKit(lane, undisturbed));
    }
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, failure) -> {
          if (!(failure instanceof Cut.Killed) && before != null) {
            before.uncaughtException(thread, failure);
          }
        });
  }

  private OperationKit(KernelDatabase database, Map<String, SortedSet<String>> undisturbed) {
    this.database = database;
    this.undisturbed = undisturbed;
  }

  /// How many cases have run in this JVM.
  public static int casesRun() {
    return CASES.get();
  }

  /// The whole matrix for one operation.
  public Stream<DynamicTest> matrix(Scenario scenario) {
    PlanShape plan = planOf(scenario);
    undisturbed.put(scenario.name(), runUndisturbed(scenario));
    List<DynamicTest> cases = new ArrayList<>();
    for (StepShape step : plan.steps()) {
      for (Point point : Point.values()) {
        cases.add(
            named(
                scenario,
                new Cut(How.KILL, point, step.name(), false),
                (kit, cut) -> kit.killedAndResumed(scenario, cut)));
      }
      for (Point point : List.of(Point.BEFORE_ACT, Point.AFTER_ACT)) {
        cases.add(
            named(
                scenario,
                new Cut(How.STUMBLE, point, step.name(), false),
                (kit, cut) -> kit.stumbled(scenario, cut)));
        cases.add(
            named(
                scenario,
                new Cut(How.FAIL, point, step.name(), false),
                (kit, cut) -> kit.failed(scenario, cut)));
        cases.add(
            named(
                scenario,
                new Cut(How.PAUSE, point, step.name(), false),
                (kit, cut) -> kit.cancelled(scenario, cut),
                "cancelled"));
        cases.add(
            named(
                scenario,
                new Cut(How.PAUSE, point, step.name(), false),
                (kit, cut) -> kit.overtakenByDestroy(scenario, cut),
                "overtaken by a destroy"));
        cases.add(
            named(
                scenario,
                new Cut(How.PAUSE, point, step.name(), false),
                (kit, cut) -> kit.overtakenByReplica(scenario, cut),
                "overtaken by another replica"));
        int others = scenario.rig(database).others().size();
        for (int i = 0; i < others; i++) {
          int other = i;
          cases.add(
              named(
                  scenario,
                  new Cut(How.PAUSE, point, step.name(), false),
                  (kit, cut) -> kit.meets(scenario, cut, other),
                  "meets " + scenario.rig(database).others().get(i).kind()));
        }
      }
      if (step.undoable()) {
        for (Point point : Point.values()) {
          cases.add(undo(scenario, plan, step, How.KILL, point));
        }
        for (Point point : List.of(Point.BEFORE_ACT, Point.AFTER_ACT)) {
          cases.add(undo(scenario, plan, step, How.STUMBLE, point));
        }
        cases.add(
            named(
                scenario,
                new Cut(How.FAIL, Point.AFTER_ACT, lastBeforePivot(plan).name(), false)
                    .and(new Cut(How.PAUSE, Point.BEFORE_ACT, step.name(), true)),
                (kit, cut) -> kit.destroyedWhileUnwinding(scenario, cut),
                "destroyed while undoing " + step.name()));
      }
    }
    for (FutureTask<Void> task = started.poll(); task != null; task = started.poll()) {
      Thread.ofVirtual().name("kit-case").start(task);
    }
    return cases.stream();
  }

  private DynamicTest undo(
      Scenario scenario, PlanShape plan, StepShape step, How how, Point point) {
    return named(
        scenario,
        new Cut(How.FAIL, Point.AFTER_ACT, lastBeforePivot(plan).name(), false)
            .and(new Cut(how, point, step.name(), true)),
        (kit, cut) -> kit.unwoundAnyway(scenario, cut),
        how + " " + point + " of undo " + step.name());
  }

  private static StepShape lastBeforePivot(PlanShape plan) {
    StepShape last = plan.first();
    for (StepShape step : plan.steps()) {
      if (step.kind() == StepShape.Kind.PIVOT) {
        break;
      }
      last = step;
    }
    return last;
  }

  /// What a case does.
  private interface Case {
    void run(OperationKit kit, Cut cut) throws Exception;
  }

  private DynamicTest named(Scenario scenario, Cut cut, Case body, String... more) {
    FutureTask<Void> run =
        new FutureTask<>(
            () -> {
              OperationKit kit = lanes.take();
              try {
                CASES.incrementAndGet();
                body.run(kit, cut);
                return null;
              } finally {
                lanes.add(kit);
              }
            });
    started.add(run);
    return DynamicTest.dynamicTest(
        scenario.name() + ": " + cut + (more.length == 0 ? "" : ", " + more[0]),
        () -> {
          try {
            run.get();
          } catch (ExecutionException failure) {
            throw failure.getCause();
          }
        });
  }

  // ---- The cases

  private void killedAndResumed(Scenario scenario, Cut cut) throws Exception {
    Scenario.Rig rig = scenario.rig(database);
    String operation;
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      operation = begin(engine, rig.begin(), cut);
      assertThat(cut.awaitReached()).as("the point is passed").isTrue();
    }
    try (OperationEngine engine = engine(rig, "one", OperationEngine.Interruptions.NONE)) {
      OperationView end = engine.awaitEnd(operation, PATIENCE);
      assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
      assertThat(rig.reality()).isEqualTo(undisturbed(scenario));
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private void stumbled(Scenario scenario, Cut cut) throws Exception {
    Scenario.Rig rig = scenario.rig(database);
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      OperationView end = engine.awaitEnd(begin(engine, rig.begin(), cut), PATIENCE);
      assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
      assertThat(rig.reality()).isEqualTo(undisturbed(scenario));
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private void failed(Scenario scenario, Cut cut) throws Exception {
    Scenario.Rig rig = scenario.rig(database);
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      SortedSet<String> before = rig.reality();
      OperationView end = engine.awaitEnd(begin(engine, rig.begin(), cut), PATIENCE);
      if (end.phase() == Phase.STUCK) {
        // Only forward is left after the point of no return: the cause is gone, so a retry ends it.
        assertThat(end.cause()).as("a stuck operation says why").isNotNull();
        assertThat(end.next()).as("and what to type next").contains("slipway ops retry");
        assertThat(engine.retry(end.id())).isTrue();
        end = engine.awaitEnd(end.id(), PATIENCE);
        assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
        assertThat(rig.reality()).isEqualTo(undisturbed(scenario));
      } else {
        assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.UNDONE);
        assertThat(end.cause()).isEqualTo(new Cause("injected", "It was made to fail"));
        assertThat(rig.reality()).isEqualTo(before);
      }
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private void cancelled(Scenario scenario, Cut cut) throws Exception {
    Scenario.Rig rig = scenario.rig(database);
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      SortedSet<String> before = rig.reality();
      String operation = begin(engine, rig.begin(), cut);
      assertThat(cut.awaitReached()).as("the point is passed").isTrue();
      boolean accepted = engine.cancel(operation);
      cut.release();
      OperationView end = engine.awaitEnd(operation, PATIENCE);
      if (accepted) {
        assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.CANCELLED);
        assertThat(rig.reality()).isEqualTo(before);
      } else {
        assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
        assertThat(rig.reality()).isEqualTo(undisturbed(scenario));
      }
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private void overtakenByDestroy(Scenario scenario, Cut cut) throws Exception {
    Scenario.Rig rig = scenario.rig(database);
    if (rig.destroy().isEmpty()) {
      return;
    }
    try (OperationEngine paused = engine(rig, "one", cut)) {
      rig.prepare(paused);
      String operation = begin(paused, rig.begin(), cut);
      assertThat(cut.awaitReached()).as("the point is passed").isTrue();
      try (OperationEngine other = engine(rig, "two", OperationEngine.Interruptions.NONE)) {
        String destroy = id(other.begin(rig.destroy().orElseThrow()));
        if (destroy.equals(operation)) {
          // The destroy itself is under test: asking again is asking for the same.
          cut.release();
          assertThat(other.awaitEnd(destroy, PATIENCE).succeeded()).isTrue();
          assertThat(rig.reality()).isEmpty();
          return;
        }
        OperationView end = other.awaitEnd(destroy, PATIENCE);
        assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
        assertThat(other.view(operation).orElseThrow().outcome()).isEqualTo(Outcome.SUPERSEDED);
        assertThat(rig.reality()).isEmpty();
        cut.release();
        // The woken runner finds that it has been overtaken, and nothing it does has an effect.
        paused.stop();
        assertThat(rig.reality()).isEmpty();
        assertLedgerTellsTruth(rig, other);
      }
    }
  }

  private void overtakenByReplica(Scenario scenario, Cut cut) throws Exception {
    Scenario.Rig rig = scenario.rig(database);
    try (OperationEngine paused = engine(rig, "one", cut)) {
      rig.prepare(paused);
      String operation = begin(paused, rig.begin(), cut);
      assertThat(cut.awaitReached()).as("the point is passed").isTrue();
      try (OperationEngine other = engine(rig, "two", OperationEngine.Interruptions.NONE)) {
        database.execute(
            "update operation set leased_until = clock_timestamp() - interval '1 second', leased_by = 'paused'"
                + " where id = '%s'".formatted(operation));
        other.wake();
        OperationView end = other.awaitEnd(operation, PATIENCE);
        assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
        SortedSet<String> after = rig.reality();
        assertThat(after).isEqualTo(undisturbed(scenario));
        cut.release();
        paused.stop();
        assertThat(rig.reality()).as("the woken runner changed nothing").isEqualTo(after);
        assertLedgerTellsTruth(rig, other);
      }
    }
  }

  private void meets(Scenario scenario, Cut cut, int which) throws Exception {
    Scenario.Rig rig = scenario.rig(database);
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      String operation = begin(engine, rig.begin(), cut);
      assertThat(cut.awaitReached()).as("the point is passed").isTrue();
      BeginRequest other = rig.others().get(which);
      Begun met = engine.begin(other);
      cut.release();
      switch (met) {
        case Begun.Busy(OperationView active) -> {
          assertThat(active.id()).isEqualTo(operation);
          assertThat(engine.awaitEnd(operation, PATIENCE).succeeded()).isTrue();
          assertThat(rig.reality()).isEqualTo(undisturbed(scenario));
        }
        case Begun.Same(String same) -> {
          assertThat(same).isEqualTo(operation);
          assertThat(engine.awaitEnd(operation, PATIENCE).succeeded()).isTrue();
        }
        case Begun.New(String superseding) -> {
          assertThat(engine.awaitEnd(superseding, PATIENCE).succeeded()).isTrue();
          assertThat(engine.view(operation).orElseThrow().outcome()).isEqualTo(Outcome.SUPERSEDED);
          // What yields makes way for every other kind; only a destroy leaves nothing.
          if (rig.destroy().map(BeginRequest::kind).filter(other.kind()::equals).isPresent()) {
            assertThat(rig.reality()).isEmpty();
          } else {
            assertThat(rig.reality()).isEqualTo(undisturbed(scenario));
          }
        }
        case Begun.KeyReused() -> throw new AssertionError("No key was given");
      }
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private void unwoundAnyway(Scenario scenario, Cut cut) throws Exception {
    Scenario.Rig rig = scenario.rig(database);
    String operation;
    SortedSet<String> before;
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      before = rig.reality();
      operation = begin(engine, rig.begin(), cut);
      assertThat(cut.awaitReached()).as("the point is passed").isTrue();
      assertThat(cut.awaitOther()).as("the undo's point is passed").isTrue();
    }
    try (OperationEngine engine = engine(rig, "one", OperationEngine.Interruptions.NONE)) {
      OperationView end = engine.awaitEnd(operation, PATIENCE);
      assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.UNDONE);
      assertThat(rig.reality()).isEqualTo(before);
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private void destroyedWhileUnwinding(Scenario scenario, Cut cut) throws Exception {
    Scenario.Rig rig = scenario.rig(database);
    if (rig.destroy().isEmpty()) {
      return;
    }
    try (OperationEngine paused = engine(rig, "one", cut)) {
      rig.prepare(paused);
      begin(paused, rig.begin(), cut);
      assertThat(cut.awaitOther()).as("the undo's point is passed").isTrue();
      try (OperationEngine other = engine(rig, "two", OperationEngine.Interruptions.NONE)) {
        OperationView end = other.awaitEnd(id(other.begin(rig.destroy().orElseThrow())), PATIENCE);
        assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
        assertThat(rig.reality()).isEmpty();
        cut.releaseOther();
        paused.stop();
        assertThat(rig.reality()).isEmpty();
        assertLedgerTellsTruth(rig, other);
      }
    }
  }

  // ---- What holds after each

  private void assertLedgerTellsTruth(Scenario.Rig rig, OperationEngine engine) throws Exception {
    List<LedgerRow> open = engine.openLedger(rig.begin().subject());
    assertThat(open.stream().map(row -> row.resource().kind()).sorted().toList())
        .as("the ledger's open rows are what exists")
        .isEqualTo(rig.reality().stream().map(thing -> thing.split(" ", 2)[0]).sorted().toList());
    assertThat(open)
        .as("nothing is planned that was not made")
        .noneMatch(row -> row.state() == LedgerRow.State.PLANNED);
  }

  /// What exists after an undisturbed run.
  private SortedSet<String> undisturbed(Scenario scenario) {
    return Objects.requireNonNull(undisturbed.get(scenario.name()), "It ran before the cases");
  }

  private SortedSet<String> runUndisturbed(Scenario scenario) {
    Scenario.Rig rig = scenario.rig(database);
    try (OperationEngine engine = engine(rig, "one", OperationEngine.Interruptions.NONE)) {
      rig.prepare(engine);
      OperationView end = engine.awaitEnd(id(engine.begin(rig.begin())), PATIENCE);
      assertThat(end.succeeded()).as(describe(end)).isTrue();
      return rig.reality();
    } catch (Exception failure) {
      throw new IllegalStateException(scenario.name() + " does not run undisturbed", failure);
    }
  }

  private static String describe(OperationView view) {
    return view.toString();
  }

  private static String begin(OperationEngine engine, BeginRequest request, Cut cut)
      throws Exception {
    // The identifier is chosen here, so that the cut knows it before the first step runs.
    String id = Identifiers.next("kit");
    cut.aim(id);
    BeginRequest chosen =
        new BeginRequest(
            id,
            request.kind(),
            request.subject(),
            request.subjectName(),
            request.organization(),
            request.requestedBy(),
            request.ancestry(),
            request.input(),
            request.idempotency());
    assertThat(engine.begin(chosen)).isEqualTo(new Begun.New(id));
    return id;
  }

  public static String id(Begun begun) {
    return switch (begun) {
      case Begun.New(String id) -> id;
      case Begun.Same(String id) -> id;
      case Begun.Busy(OperationView active) -> throw new AssertionError("Busy with " + active);
      case Begun.KeyReused() -> throw new AssertionError("The key was used before");
    };
  }

  private OperationEngine engine(
      Scenario.Rig rig, String replica, OperationEngine.Interruptions interruptions) {
    return engine(database, rig.operations(), replica, interruptions);
  }

  /// A running engine on the database.
  public static OperationEngine engine(
      KernelDatabase database,
      List<Operation<?, ?>> operations,
      String replica,
      OperationEngine.Interruptions interruptions) {
    var engine =
        new OperationEngine(
            database.transactions(),
            new OperationCatalog(operations),
            new KernelSettings(
                "kit-service",
                replica,
                "kit",
                "slipway.kit.event.v1",
                Duration.ofSeconds(30),
                Map.of(Admission.LIGHT, 8, Admission.START, 4, Admission.BUILD, 1)),
            new Outbox("kit-service", Clock.systemUTC()),
            interruptions);
    engine.start();
    return engine;
  }

  private PlanShape planOf(Scenario scenario) {
    Scenario.Rig rig = scenario.rig(database);
    return new OperationCatalog(rig.operations()).get(rig.begin().kind()).plan().shape();
  }
}
