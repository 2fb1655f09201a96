package dev.slipway.common.operation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.golden.GoldenFile;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.operation.Cut.How;
import dev.slipway.common.operation.OperationEngine.Interruptions.Point;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Message;
import dev.slipway.common.outbox.Outbox;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;

/// Proves an operation: every step and undo killed before the act, after it and after the commit,
/// failing and stumbling; and in each state, at each step, what may arrive there: a cancel, a
/// destroy, every other operation of its subject, what another service asks of it, the same message
/// again, a reply that comes late or is lost, another replica.
///
/// After each case the operation has ended, the ledger's open rows are just what exists, what
/// exists is what the outcome says (all of it, or nothing more than before), nothing is stuck
/// without saying why, and no step and no end was told twice.
public final class OperationKit {

  /// For what takes milliseconds on a fake driver and seconds on a real one. How long is no matter
  /// of these tests, however busy the machine is.
  public static final Duration PATIENCE = Duration.ofMinutes(5);

  private final AtomicInteger run = new AtomicInteger();
  private final KernelDatabase database;
  private final Map<String, SortedSet<String>> undisturbed;

  /// Kits of a database each, on which cases run side by side; a case mostly waits.
  private final BlockingQueue<OperationKit> lanes = new LinkedBlockingQueue<>();

  private final Queue<FutureTask<Void>> meant = new ConcurrentLinkedQueue<>();

  /// Surroundings that nobody has taken down yet.
  private final List<Scenario.Rig> standing = new ArrayList<>();

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

  /// Whoever asks in this name gets no reply to what it asks of others until it asks again.
  public static final String UNHEARD = "unheard";

  /// The matrix of a service: every operation of it has a row, and how many cases each has stands
  /// in `docs/generated/matrix` and in the README.
  ///
  /// @param service   whose operations these are
  /// @param scenarios at least one for each kind
  public Stream<DynamicTest> matrix(
      String service, List<Operation<?, ?>> operations, List<Scenario> scenarios) throws Exception {
    Set<String> kinds = new TreeSet<>();
    var table = new StringBuilder();
    List<DynamicTest> all = new ArrayList<>();
    for (Scenario scenario : scenarios) {
      String kind = rig(scenario).begin().kind();
      kinds.add(kind);
      List<DynamicTest> row = row(scenario);
      table.append(
          "| %s | %d | %d |\n"
              .formatted(scenario.name(), planOf(scenario).steps().size(), row.size()));
      all.addAll(row);
    }
    takeDown();
    int cases = all.size();
    startAll();
    all.addFirst(
        DynamicTest.dynamicTest(
            "every operation of %s has a row".formatted(service),
            () ->
                assertThat(kinds)
                    .isEqualTo(new OperationCatalog(operations).signatures().keySet())));
    all.add(
        DynamicTest.dynamicTest(
            "%d cases of %s are all that were meant".formatted(cases, service),
            () -> {
              System.out.printf("The matrix of %s: %d cases%n", service, casesRun());
              assertThat(casesRun()).isEqualTo(cases);
              GoldenFile.inRepository("docs/generated/matrix/%s.md".formatted(service))
                  .says(HEAD.formatted(service) + table + "| all | | %d |\n".formatted(cases));
              inReadme(service, cases);
            }));
    return all.stream();
  }

  private Scenario.Rig rig(Scenario scenario) {
    Scenario.Rig rig = scenario.rig(database);
    standing.add(rig);
    return rig;
  }

  private void takeDown() throws Exception {
    try {
      for (Scenario.Rig rig : standing) {
        rig.close();
      }
    } finally {
      standing.clear();
    }
  }

  /// Only the cases in which the process dies, for real drivers, on which a case takes its time: at
  /// each step that tells the driver to act, and at its undo, before the act and after it. At all
  /// other points the driver has what it has at one of these.
  ///
  /// @param done is given the number of cases when all have run
  public Stream<DynamicTest> crashes(List<Scenario> scenarios, Crashed done) throws Exception {
    Map<String, Set<String>> acting = new ConcurrentHashMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<?> ran :
          threads.invokeAll(
              scenarios.stream().map(scenario -> undisturbing(scenario, acting)).toList())) {
        ran.get();
      }
    }
    List<DynamicTest> all = new ArrayList<>();
    for (Scenario scenario : scenarios) {
      PlanShape plan = planOf(scenario);
      Set<String> steps = Objects.requireNonNull(acting.get(scenario.name()));
      assertThat(steps).as("steps of %s that act", scenario.name()).isNotEmpty();
      for (StepShape step : plan.steps()) {
        if (!steps.contains(step.name())) {
          continue;
        }
        for (Point point : List.of(Point.BEFORE_ACT, Point.AFTER_ACT)) {
          all.add(killed(scenario, step, point));
          if (step.undoable()) {
            all.add(undo(scenario, plan, step, How.KILL, point));
          }
        }
      }
    }
    takeDown();
    int cases = all.size();
    startAll();
    all.add(
        DynamicTest.dynamicTest(
            "%d crashes are all that were meant".formatted(cases),
            () -> {
              assertThat(casesRun()).isEqualTo(cases);
              done.after(cases);
            }));
    return all.stream();
  }

  private Callable<Void> undisturbing(Scenario scenario, Map<String, Set<String>> acting) {
    return inLane(
        kit -> {
          var steps = new ActingSteps();
          undisturbed.put(scenario.name(), kit.runUndisturbed(scenario, steps));
          acting.put(scenario.name(), steps.found);
        });
  }

  /// Finds the steps that tell a driver to act.
  private static final class ActingSteps implements OperationEngine.Interruptions {

    private final Set<String> found = ConcurrentHashMap.newKeySet();
    private volatile Scenario.@Nullable Rig rig;
    private volatile long before;

    @Override
    public void at(Point point, String operation, String step, boolean undo) {
      Scenario.Rig counting = rig;
      if (counting == null) {
        return;
      }
      switch (point) {
        case BEFORE_ACT -> before = counting.acts();
        case AFTER_ACT -> {
          if (counting.acts() > before) {
            found.add(step);
          }
        }
        case AFTER_COMMIT -> {}
      }
    }
  }

  /// What is looked at when every crash was survived.
  @FunctionalInterface
  public interface Crashed {
    void after(int cases) throws Exception;
  }

  private void startAll() {
    for (FutureTask<Void> task = meant.poll(); task != null; task = meant.poll()) {
      Thread.ofVirtual().name("kit-case").start(task);
    }
  }

  private static final String HEAD =
      """
      # The matrix of %s

      Each operation, at each of its steps and undos, with each thing that can happen there, run against the fake driver.
      Made by the tests; see `OperationKit`.

      | operation | steps | cases |
      |---|--:|--:|
      """;

  private static void inReadme(String service, int cases) {
    GoldenFile readme = GoldenFile.inRepository("README.md");
    String text = readme.read().orElseThrow();
    String said = "[0-9,]+ cases of " + service + "\\b";
    String wanted = "%,d cases of %s".formatted(cases, service);
    if (GoldenFile.writing()) {
      readme.write(text.replaceAll(said, wanted));
    }
    assertThat(readme.read().orElseThrow()).contains(wanted);
  }

  /// How many cases have run.
  public int casesRun() {
    return run.get();
  }

  /// All cases of one operation, which are not started yet: what it does undisturbed is found out
  /// first, on a database that the cases use too.
  private List<DynamicTest> row(Scenario scenario) {
    PlanShape plan = planOf(scenario);
    undisturbed.put(scenario.name(), runUndisturbed(scenario, null));
    List<DynamicTest> cases = new ArrayList<>();
    boolean destroyed = rig(scenario).destroy().isPresent();
    List<String> others = rig(scenario).others().stream().map(BeginRequest::kind).toList();
    List<String> asked = rig(scenario).asked().stream().map(BeginRequest::kind).toList();
    boolean forwardOnly = plan.supersedes();
    for (StepShape step : plan.steps()) {
      forwardOnly |= step.kind() == StepShape.Kind.PIVOT;
      for (Point point : Point.values()) {
        cases.add(killed(scenario, step, point));
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
        if (destroyed) {
          cases.add(
              named(
                  scenario,
                  new Cut(How.PAUSE, point, step.name(), false),
                  (kit, cut) -> kit.overtakenByDestroy(scenario, cut),
                  "overtaken by a destroy"));
        }
        for (Arrival arrival : Arrival.values()) {
          cases.add(
              named(
                  scenario,
                  new Cut(How.PAUSE, point, step.name(), false),
                  (kit, cut) -> kit.hears(scenario, cut, arrival),
                  "hears " + arrival));
        }
        cases.add(
            named(
                scenario,
                new Cut(How.PAUSE, point, step.name(), false),
                (kit, cut) -> kit.overtakenByReplica(scenario, cut),
                "overtaken by another replica"));
        for (int i = 0; i < others.size(); i++) {
          int other = i;
          cases.add(
              named(
                  scenario,
                  new Cut(How.PAUSE, point, step.name(), false),
                  (kit, cut) -> kit.meets(scenario, cut, other),
                  "meets " + others.get(i)));
        }
        for (int i = 0; i < asked.size(); i++) {
          int which = i;
          cases.add(
              named(
                  scenario,
                  new Cut(How.PAUSE, point, step.name(), false),
                  (kit, cut) -> kit.isAsked(scenario, cut, which),
                  "another service asks for " + asked.get(i)));
        }
      }
      if (step.undoable()) {
        for (Point point : Point.values()) {
          cases.add(undo(scenario, plan, step, How.KILL, point));
        }
        for (Point point : List.of(Point.BEFORE_ACT, Point.AFTER_ACT)) {
          cases.add(undo(scenario, plan, step, How.STUMBLE, point));
        }
        if (destroyed) {
          cases.add(
              whileUndoing(
                  scenario, plan, step, "destroyed", OperationKit::destroyedWhileUnwinding));
        }
        cases.add(
            whileUndoing(scenario, plan, step, "cancelled", OperationKit::cancelledWhileUnwinding));
        for (Arrival arrival : Arrival.values()) {
          cases.add(
              whileUndoing(
                  scenario,
                  plan,
                  step,
                  "hears " + arrival,
                  (kit, same, cut) -> kit.hearsWhileUnwinding(same, cut, arrival)));
        }
        for (int i = 0; i < others.size(); i++) {
          int other = i;
          cases.add(
              whileUndoing(
                  scenario,
                  plan,
                  step,
                  "meets " + others.get(i),
                  (kit, same, cut) -> kit.meetsWhileUnwinding(same, cut, other)));
        }
        for (int i = 0; i < asked.size(); i++) {
          int which = i;
          cases.add(
              whileUndoing(
                  scenario,
                  plan,
                  step,
                  "another service asks for " + asked.get(i),
                  (kit, same, cut) -> kit.isAskedWhileUnwinding(same, cut, which)));
        }
      }
      if (forwardOnly) {
        for (WhenStuck what : WhenStuck.values()) {
          boolean possible =
              switch (what) {
                case DESTROYED -> destroyed;
                case ASKED -> !asked.isEmpty();
                case CANCELLED, MESSAGES, OTHERS -> true;
              };
          if (possible) {
            cases.add(
                named(
                    scenario,
                    new Cut(How.FAIL, Point.AFTER_ACT, step.name(), false),
                    (kit, cut) -> kit.stuck(scenario, cut, what),
                    "stuck, then " + what));
          }
        }
      }
    }
    cases.add(
        named(
            scenario,
            new Cut(How.STUMBLE, Point.AFTER_COMMIT, "none", false),
            (kit, cut) -> kit.ended(scenario, cut),
            "ended, then everything again"));
    if (scenario.asks()) {
      cases.add(
          named(
              scenario,
              new Cut(How.STUMBLE, Point.AFTER_COMMIT, "none", false),
              (kit, cut) -> kit.unheard(scenario, cut),
              "the first reply to each step is lost"));
    }
    return cases;
  }

  /// What arrives from outside and must have no effect.
  private enum Arrival {
    /// The command that began it, once more.
    SAME_COMMAND,
    /// How a child ended that it does not wait for, or no longer.
    LATE_REPLY
  }

  /// What happens to an operation that is stuck after its point of no return.
  private enum WhenStuck {
    DESTROYED,
    CANCELLED,
    MESSAGES,
    OTHERS,
    ASKED
  }

  /// A case with the scenario that it is of.
  private interface UndoCase {
    void run(OperationKit kit, Scenario scenario, Cut cut) throws Exception;
  }

  private DynamicTest whileUndoing(
      Scenario scenario, PlanShape plan, StepShape step, String what, UndoCase body) {
    return named(
        scenario,
        new Cut(How.FAIL, Point.AFTER_ACT, lastBeforePivot(plan).name(), false)
            .and(new Cut(How.PAUSE, Point.BEFORE_ACT, step.name(), true)),
        (kit, cut) -> body.run(kit, scenario, cut),
        what + " while undoing " + step.name());
  }

  private DynamicTest killed(Scenario scenario, StepShape step, Point point) {
    return named(
        scenario,
        new Cut(How.KILL, point, step.name(), false),
        (kit, cut) -> kit.killedAndResumed(scenario, cut));
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

  /// What is done on a database that nobody else uses meanwhile.
  private interface LaneWork {
    void on(OperationKit kit) throws Exception;
  }

  private Callable<Void> inLane(LaneWork work) {
    return () -> {
      OperationKit kit = lanes.take();
      try (AutoCloseable _ = kit::takeDown) {
        work.on(kit);
        return null;
      } finally {
        lanes.add(kit);
      }
    };
  }

  /// What a case does.
  private interface Case {
    void run(OperationKit kit, Cut cut) throws Exception;
  }

  private DynamicTest named(Scenario scenario, Cut cut, Case body, String... more) {
    FutureTask<Void> task =
        new FutureTask<>(
            inLane(
                kit -> {
                  body.run(kit, cut);
                  run.incrementAndGet();
                }));
    meant.add(task);
    return DynamicTest.dynamicTest(
        scenario.name() + ": " + cut + (more.length == 0 ? "" : ", " + more[0]),
        () -> {
          try {
            task.get();
          } catch (ExecutionException failure) {
            throw failure.getCause();
          }
        });
  }

  // ---- The cases

  private void killedAndResumed(Scenario scenario, Cut cut) throws Exception {
    Scenario.Rig rig = rig(scenario);
    String operation;
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      operation = begin(engine, rig.begin(), cut);
      awaitPassed(engine, operation, cut);
    }
    try (OperationEngine engine = engine(rig, "one", OperationEngine.Interruptions.NONE)) {
      OperationView end = engine.awaitEnd(operation, PATIENCE);
      assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
      assertThat(rig.reality()).isEqualTo(undisturbed(scenario));
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private void stumbled(Scenario scenario, Cut cut) throws Exception {
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      OperationView end = engine.awaitEnd(begin(engine, rig.begin(), cut), PATIENCE);
      assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
      assertThat(rig.reality()).isEqualTo(undisturbed(scenario));
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private void failed(Scenario scenario, Cut cut) throws Exception {
    Scenario.Rig rig = rig(scenario);
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
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      SortedSet<String> before = rig.reality();
      String operation = begin(engine, rig.begin(), cut);
      awaitPassed(engine, operation, cut);
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
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine paused = engine(rig, "one", cut)) {
      rig.prepare(paused);
      String operation = begin(paused, rig.begin(), cut);
      awaitPassed(paused, operation, cut);
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
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine paused = engine(rig, "one", cut)) {
      rig.prepare(paused);
      String operation = begin(paused, rig.begin(), cut);
      awaitPassed(paused, operation, cut);
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
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      String operation = begin(engine, rig.begin(), cut);
      awaitPassed(engine, operation, cut);
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

  private void isAsked(Scenario scenario, Cut cut, int which) throws Exception {
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      String operation = begin(engine, rig.begin(), cut);
      awaitPassed(engine, operation, cut);
      BeginRequest asked = rig.asked().get(which);
      waitsOrTakesOver(engine, rig, operation, asked, Outcome.SUCCEEDED, cut::release);
    }
  }

  private void isAskedWhileUnwinding(Scenario scenario, Cut cut, int which) throws Exception {
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      String operation = begin(engine, rig.begin(), cut);
      awaitPassed(engine, operation, cut.other());
      BeginRequest asked = rig.asked().get(which);
      waitsOrTakesOver(engine, rig, operation, asked, Outcome.UNDONE, cut.other()::release);
    }
  }

  /// What lets an operation go on that stands still.
  private interface Going {
    void on() throws Exception;
  }

  /// What another service asks for is refused to nobody because something else is being done: it
  /// takes over, as a destroy does, or waits for its turn. Either way it ends.
  ///
  /// @param otherwise how the operation ends that is met, unless it is taken over
  private void waitsOrTakesOver(
      OperationEngine engine,
      Scenario.Rig rig,
      String operation,
      BeginRequest request,
      Outcome otherwise,
      Going going)
      throws Exception {
    PlanShape met = shapeOf(rig, rig.begin());
    PlanShape wanted = shapeOf(rig, request);
    boolean takesOver =
        wanted.supersedes()
            ? !request.kind().equals(rig.begin().kind())
            : met.yields() && !wanted.yields();
    String asked = Identifiers.next("kit");
    ask(engine, asked, request);
    going.on();
    OperationView end = engine.awaitEnd(operation, PATIENCE);
    assertThat(end.outcome())
        .as(describe(end))
        .isEqualTo(takesOver ? Outcome.SUPERSEDED : otherwise);
    if (engine.view(asked).isEmpty()) {
      // Just that was being done, for somebody else. Who gets no reply asks again.
      ask(engine, asked, request);
    }
    OperationView reply = engine.awaitEnd(asked, PATIENCE);
    assertThat(reply.phase()).as(describe(reply)).isEqualTo(Phase.ENDED);
    assertThat(reply.succeeded() || reply.cause() != null).as(describe(reply)).isTrue();
    assertLedgerTellsTruth(rig, engine);
  }

  /// In another service's name.
  private void ask(OperationEngine engine, String id, BeginRequest request) throws Exception {
    var command =
        new OperationCommand.Begin(
            id,
            request.kind(),
            request.subject(),
            request.organization(),
            "another",
            List.of("kit_asker"),
            Json.write(request.input()));
    database
        .transactions()
        .inNew(
            connection -> {
              engine.obey(connection, command);
              return command;
            });
  }

  private void unwoundAnyway(Scenario scenario, Cut cut) throws Exception {
    Scenario.Rig rig = rig(scenario);
    String operation;
    SortedSet<String> before;
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      before = rig.reality();
      operation = begin(engine, rig.begin(), cut);
      awaitPassed(engine, operation, cut);
      awaitPassed(engine, operation, cut.other());
    }
    try (OperationEngine engine = engine(rig, "one", OperationEngine.Interruptions.NONE)) {
      OperationView end = engine.awaitEnd(operation, PATIENCE);
      assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.UNDONE);
      assertThat(rig.reality()).isEqualTo(before);
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private void destroyedWhileUnwinding(Scenario scenario, Cut cut) throws Exception {
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine paused = engine(rig, "one", cut)) {
      rig.prepare(paused);
      String operation = begin(paused, rig.begin(), cut);
      awaitPassed(paused, operation, cut.other());
      try (OperationEngine other = engine(rig, "two", OperationEngine.Interruptions.NONE)) {
        OperationView end = other.awaitEnd(id(other.begin(rig.destroy().orElseThrow())), PATIENCE);
        assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
        assertThat(rig.reality()).isEmpty();
        cut.other().release();
        paused.stop();
        assertThat(rig.reality()).isEmpty();
        assertLedgerTellsTruth(rig, other);
      }
    }
  }

  private void hears(Scenario scenario, Cut cut, Arrival arrival) throws Exception {
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      String operation = begin(engine, rig.begin(), cut);
      awaitPassed(engine, operation, cut);
      tell(engine, rig, operation, arrival);
      cut.release();
      OperationView end = engine.awaitEnd(operation, PATIENCE);
      assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
      assertThat(rig.reality()).isEqualTo(undisturbed(scenario));
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private void cancelledWhileUnwinding(Scenario scenario, Cut cut) throws Exception {
    unwinding(scenario, cut, (engine, rig, operation) -> engine.cancel(operation));
  }

  private void hearsWhileUnwinding(Scenario scenario, Cut cut, Arrival arrival) throws Exception {
    unwinding(scenario, cut, (engine, rig, operation) -> tell(engine, rig, operation, arrival));
  }

  /// What is done to an operation.
  private interface Deed {
    void to(OperationEngine engine, Scenario.Rig rig, String operation) throws Exception;
  }

  /// Whatever arrives, everything is undone.
  private void unwinding(Scenario scenario, Cut cut, Deed deed) throws Exception {
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      SortedSet<String> before = rig.reality();
      String operation = begin(engine, rig.begin(), cut);
      awaitPassed(engine, operation, cut.other());
      deed.to(engine, rig, operation);
      cut.other().release();
      OperationView end = engine.awaitEnd(operation, PATIENCE);
      assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.UNDONE);
      assertThat(rig.reality()).isEqualTo(before);
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private void meetsWhileUnwinding(Scenario scenario, Cut cut, int which) throws Exception {
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      SortedSet<String> before = rig.reality();
      String operation = begin(engine, rig.begin(), cut);
      awaitPassed(engine, operation, cut.other());
      Begun met = engine.begin(rig.others().get(which));
      cut.other().release();
      if (met instanceof Begun.Busy(OperationView active)) {
        assertThat(active.id()).isEqualTo(operation);
        OperationView end = engine.awaitEnd(operation, PATIENCE);
        assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.UNDONE);
        assertThat(rig.reality()).isEqualTo(before);
      } else {
        OperationView end = engine.awaitEnd(id(met), PATIENCE);
        assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
        assertThat(engine.view(operation).orElseThrow().outcome()).isEqualTo(Outcome.SUPERSEDED);
      }
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private void stuck(Scenario scenario, Cut cut, WhenStuck what) throws Exception {
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine engine = engine(rig, "one", cut)) {
      rig.prepare(engine);
      String operation = begin(engine, rig.begin(), cut);
      OperationView stuck = engine.awaitEnd(operation, PATIENCE);
      assertThat(stuck.phase()).as(describe(stuck)).isEqualTo(Phase.STUCK);
      assertThat(stuck.cause()).as("a stuck operation says why").isNotNull();
      switch (what) {
        case ASKED -> {
          BeginRequest asked = rig.asked().getFirst();
          waitsOrTakesOver(
              engine,
              rig,
              operation,
              asked,
              Outcome.SUCCEEDED,
              () -> assertThat(engine.retry(operation)).isTrue());
          return;
        }
        case DESTROYED -> {
          String destroy = id(engine.begin(rig.destroy().orElseThrow()));
          OperationView end = engine.awaitEnd(destroy, PATIENCE);
          assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
          if (!destroy.equals(operation)) {
            assertThat(engine.view(operation).orElseThrow().outcome())
                .isEqualTo(Outcome.SUPERSEDED);
          }
          assertThat(rig.reality()).isEmpty();
          assertLedgerTellsTruth(rig, engine);
          return;
        }
        case CANCELLED -> assertThat(engine.cancel(operation)).isFalse();
        case MESSAGES -> {
          for (Arrival arrival : Arrival.values()) {
            tell(engine, rig, operation, arrival);
          }
        }
        case OTHERS -> {
          for (BeginRequest other : rig.others()) {
            if (!shapeOf(rig, other).supersedes() && !planOf(scenario).yields()) {
              assertThat(engine.begin(other)).isInstanceOf(Begun.Busy.class);
            }
          }
        }
      }
      assertThat(engine.view(operation).orElseThrow().phase()).isEqualTo(Phase.STUCK);
      assertThat(engine.retry(operation)).isTrue();
      OperationView end = engine.awaitEnd(operation, PATIENCE);
      assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
      assertThat(rig.reality()).isEqualTo(undisturbed(scenario));
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private static PlanShape shapeOf(Scenario.Rig rig, BeginRequest request) {
    return new OperationCatalog(rig.operations()).get(request.kind()).plan().shape();
  }

  private void ended(Scenario scenario, Cut none) throws Exception {
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine engine = engine(rig, "one", none)) {
      rig.prepare(engine);
      String operation = begin(engine, rig.begin(), none);
      OperationView end = engine.awaitEnd(operation, PATIENCE);
      assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
      assertLedgerTellsTruth(rig, engine);

      tell(engine, rig, operation, Arrival.LATE_REPLY);
      assertThat(engine.cancel(operation)).isFalse();
      assertThat(engine.retry(operation)).isFalse();
      assertThat(engine.abandon(operation)).isFalse();
      tell(engine, rig, operation, Arrival.SAME_COMMAND);

      assertThat(engine.view(operation).orElseThrow().version()).isEqualTo(end.version());
      assertThat(rig.reality()).isEqualTo(undisturbed(scenario));
      String subject = "'%s'".formatted(rig.begin().subject());
      String id = "'%s'".formatted(operation);
      assertThat(database.text(told(subject, id, OperationEvent.Ended.class)))
          .as("the reply is sent again, and nothing else")
          .isEqualTo("2");
    }
  }

  private void unheard(Scenario scenario, Cut none) throws Exception {
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine engine = engine(rig, "one", none)) {
      rig.prepare(engine);
      BeginRequest request = rig.begin();
      String operation =
          begin(
              engine,
              new BeginRequest(
                  null,
                  request.kind(),
                  request.subject(),
                  request.subjectName(),
                  request.organization(),
                  UNHEARD,
                  List.of(),
                  request.input(),
                  null),
              none);
      OperationView end = engine.awaitEnd(operation, PATIENCE);
      assertThat(end.outcome()).as(describe(end)).isEqualTo(Outcome.SUCCEEDED);
      assertThat(end.steps()).as("it has asked again").anyMatch(step -> step.attempts() > 1);
      assertThat(rig.reality()).isEqualTo(undisturbed(scenario));
      assertLedgerTellsTruth(rig, engine);
    }
  }

  private void tell(OperationEngine engine, Scenario.Rig rig, String operation, Arrival arrival)
      throws Exception {
    switch (arrival) {
      case SAME_COMMAND -> ask(engine, operation, rig.begin());
      case LATE_REPLY -> {
        var late =
            new OperationEvent.Ended(
                Identifiers.next("kit"),
                "asked",
                rig.begin().subject(),
                List.of(operation),
                Outcome.UNDONE,
                new Cause("late", "Nobody waits for this"));
        database
            .transactions()
            .inNew(
                connection -> {
                  engine.hear(connection, late);
                  return late;
                });
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
    String subject = rig.begin().subject();
    assertThat(
            database.text(
                "select id from operation where subject = '%s' and phase = 'STUCK' and cause_code is null"
                    .formatted(subject)))
        .as("stuck without a cause")
        .isNull();
    assertThat(
            database.text(
                """
                select id from operation o where subject = '%s' and phase = 'ENDED' and 1 <> (%s)"""
                    .formatted(subject, told("o.subject", "o.id", OperationEvent.Ended.class))))
        .as("its end was not told just once")
        .isNull();
    assertThat(
            database.text(
                """
                select min(payload::jsonb ->> 'data') from outbox
                where aggregate = '%s' and payload::jsonb ->> 'type' = '%s'
                  and payload::jsonb #>> '{data,result}' = 'done'
                group by payload::jsonb #> '{data,operation}', payload::jsonb #> '{data,step}',
                  payload::jsonb #> '{data,direction}' having count(*) > 1"""
                    .formatted(subject, Message.typeOf(OperationEvent.StepEnded.class))))
        .as("a step was done twice")
        .isNull();
  }

  /// How often an operation's event of this type was told, in SQL.
  private static String told(String subject, String operation, Class<?> event) {
    return """
    select count(*) from outbox where aggregate = %s and payload::jsonb ->> 'type' = '%s'
      and payload::jsonb #>> '{data,operation}' = %s"""
        .formatted(subject, Message.typeOf(event), operation);
  }

  /// What exists after an undisturbed run.
  private SortedSet<String> undisturbed(Scenario scenario) {
    return Objects.requireNonNull(undisturbed.get(scenario.name()), "It ran before the cases");
  }

  private SortedSet<String> runUndisturbed(Scenario scenario, @Nullable ActingSteps acting) {
    Scenario.Rig rig = rig(scenario);
    try (OperationEngine engine =
        engine(
            rig, "one", Objects.requireNonNullElse(acting, OperationEngine.Interruptions.NONE))) {
      rig.prepare(engine);
      if (acting != null) {
        acting.rig = rig;
      }
      OperationView end = engine.awaitEnd(id(engine.begin(rig.begin())), PATIENCE);
      assertThat(end.succeeded()).as(describe(end)).isTrue();
      return rig.reality();
    } catch (Exception failure) {
      throw new IllegalStateException(scenario.name() + " does not run undisturbed", failure);
    }
  }

  private static void awaitPassed(OperationEngine engine, String operation, Cut cut)
      throws Exception {
    boolean passed = cut.awaitReached();
    assertThat(passed)
        .as("%s is passed by %s", cut, describe(engine.view(operation).orElseThrow()))
        .isTrue();
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
    Scenario.Rig rig = rig(scenario);
    return shapeOf(rig, rig.begin());
  }
}
