package dev.slipway.common.operation;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.golden.GoldenFile;
import dev.slipway.common.operation.Decision.Move;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The kernel's rules, one by one and as a table of everything that can meet.
final class TransitionTest {

  static final Child CHILD = new Child("op_child", "topic", "kind", "subject", "{}");
  static final Cause FAULT = new Cause("fault", "It broke");
  static final ChildEnd FAILED = new ChildEnd(CHILD.id(), Outcome.UNDONE, FAULT);

  /// An undoable step, one without undo, a kept one, the point of no return, one after it.
  static final PlanShape PIVOTAL =
      new PlanShape(
          ofMinutes(10),
          false,
          false,
          List.of(
              step("make", StepShape.Kind.ORDINARY, true),
              step("note", StepShape.Kind.ORDINARY, false),
              step("migrate", StepShape.Kind.KEPT, false),
              step("switch", StepShape.Kind.PIVOT, false),
              step("clear", StepShape.Kind.ORDINARY, false)));

  /// Its step has two minutes without progress and five with it.
  static final PlanShape EXTENSIBLE =
      new PlanShape(
          ofMinutes(10),
          false,
          false,
          List.of(
              new StepShape(
                  "build",
                  StepShape.Kind.ORDINARY,
                  Admission.BUILD,
                  ofMinutes(2),
                  ofMinutes(5),
                  true)));

  static final PlanShape UNDOABLE =
      new PlanShape(
          ofMinutes(10),
          false,
          false,
          List.of(
              step("first", StepShape.Kind.ORDINARY, true),
              step("second", StepShape.Kind.ORDINARY, false),
              step("third", StepShape.Kind.ORDINARY, true)));

  static final PlanShape WITHOUT_UNDO =
      new PlanShape(
          ofMinutes(10),
          false,
          false,
          List.of(
              step("ask", StepShape.Kind.ORDINARY, false),
              step("tell", StepShape.Kind.ORDINARY, false)));

  static final PlanShape SUPERSEDING =
      new PlanShape(
          ofMinutes(10),
          true,
          false,
          List.of(
              step("remove", StepShape.Kind.ORDINARY, false),
              step("verify", StepShape.Kind.ORDINARY, false)));

  static StepShape step(String name, StepShape.Kind kind, boolean undoable) {
    return new StepShape(name, kind, Admission.LIGHT, ofMinutes(2), undoable);
  }

  static Progress at(PlanShape plan, String step) {
    Progress progress = Progress.begin(plan, 0);
    while (!progress.step().equals(step)) {
      progress = Transition.next(plan, progress, 0, done()).orElseThrow().next();
    }
    return progress;
  }

  static Signal done() {
    return new Signal.Stepped(StepOutcome.done(new Workshop.State(0)));
  }

  static Signal failed() {
    return new Signal.Stepped(new StepOutcome.Failed<>(FAULT));
  }

  static Signal again(Duration after) {
    return new Signal.Stepped(StepOutcome.again(after, "the paint to dry"));
  }

  static Signal further(long done) {
    return new Signal.Stepped(StepOutcome.again(ofSeconds(1), "the paint to dry", done));
  }

  static Signal awaiting() {
    return new Signal.Stepped(StepOutcome.await(CHILD, "the child"));
  }

  static Signal undone() {
    return new Signal.Unwound(UndoOutcome.undone("looked for and not found"));
  }

  static Decision decide(PlanShape plan, Progress at, long now, Signal signal) {
    return Transition.next(plan, at, now, signal).orElseThrow();
  }

  static Signal childEnded() {
    return new Signal.ChildEnded(new ChildEnd(CHILD.id(), Outcome.SUCCEEDED, null));
  }

  // ---- Everything that can meet; what is not in the table has no effect

  @Test
  void everyPhaseMeetsEverySignal() {
    var table = new StringBuilder();
    Map<String, PlanShape> plans = new LinkedHashMap<>();
    plans.put("make(undo) note migrate(kept) switch(pivot) clear", PIVOTAL);
    plans.put("first(undo) second third(undo)", UNDOABLE);
    plans.put("ask tell, nothing to undo", WITHOUT_UNDO);
    plans.put("superseding: remove verify", SUPERSEDING);
    plans.put("build(undo), which progress extends", EXTENSIBLE);
    plans.forEach(
        (title, plan) -> {
          table.append("# ").append(title).append('\n');
          for (StepShape step : plan.steps()) {
            for (Progress stand : standsAt(plan, step.name())) {
              for (long now : moments(plan)) {
                table.append("\n%s%s\n".formatted(describe(stand), overdue(stand, now)));
                signals()
                    .forEach(
                        (name, signal) ->
                            Transition.next(plan, stand, now, signal)
                                .map(TransitionTest::describe)
                                .ifPresent(
                                    what -> table.append("  %-16s %s\n".formatted(name, what))));
              }
            }
          }
          table.append('\n');
        });

    GoldenFile.inModule("src/test/resources/golden/transitions.txt").says(table.toString());
  }

  /// Soon, when progress could still help where it counts, and too late for everything.
  private static List<Long> moments(PlanShape plan) {
    long tooLate = ofMinutes(11).toMillis();
    return plan.equals(EXTENSIBLE)
        ? List.of(1_000L, ofMinutes(3).toMillis(), tooLate)
        : List.of(1_000L, tooLate);
  }

  private static String overdue(Progress stand, long now) {
    return now < stand.stepDeadline()
        ? ""
        : now < stand.stepLimit() ? ", overdue without progress" : ", overdue";
  }

  private static List<Progress> standsAt(PlanShape plan, String step) {
    Progress running = at(plan, step);
    List<Progress> stands = new ArrayList<>();
    stands.add(queued(running));
    stands.add(running);
    stands.add(running.waiting(3, CHILD));
    stands.add(running.stuck(FAULT));
    stands.add(running.hearing(FAILED).stuck(FAULT));
    if (!running.pastPivot()) {
      stands.add(running.cancelling());
      stands.add(running.cancelling().waiting(3, CHILD));
      Progress unwinding = running.unwinding(step, ofMinutes(2).toMillis(), FAULT);
      stands.add(unwinding);
      stands.add(unwinding.waiting(1, CHILD));
      stands.add(unwinding.stuck(FAULT));
    }
    stands.add(running.ended(Outcome.SUCCEEDED, null));
    return stands;
  }

  private static Progress queued(Progress from) {
    return new Progress(
        Phase.QUEUED,
        null,
        null,
        from.step(),
        0,
        false,
        from.pastPivot(),
        from.deadline(),
        from.stepDeadline(),
        null,
        null,
        null,
        from.stepLimit(),
        0,
        0,
        null);
  }

  private static Map<String, Signal> signals() {
    Map<String, Signal> signals = new LinkedHashMap<>();
    signals.put("done", done());
    signals.put("again", again(ofSeconds(1)));
    signals.put("further", further(7));
    signals.put("await", awaiting());
    signals.put("failed", failed());
    signals.put("undone", undone());
    signals.put("undo again", new Signal.Unwound(UndoOutcome.again(ofSeconds(1), "the lock")));
    signals.put("undo failed", new Signal.Unwound(new UndoOutcome.Failed(FAULT)));
    signals.put("stumbled", new Signal.Threw(FAULT, false));
    signals.put("threw for good", new Signal.Threw(FAULT, true));
    signals.put("unrunnable", new Signal.Unrunnable(FAULT));
    signals.put("child silent", new Signal.ChildSilent());
    signals.put("child ended", childEnded());
    signals.put("cancel", new Signal.CancelRequested());
    signals.put("retry", new Signal.RetryRequested());
    signals.put("abandon", new Signal.AbandonRequested());
    signals.put("superseded", new Signal.Superseded("op_destroy"));
    return signals;
  }

  private static String describe(Progress progress) {
    return progress.phase()
        + (progress.stuckIn() == null ? "" : " in " + progress.stuckIn())
        + (progress.outcome() == null ? "" : " " + progress.outcome())
        + " at "
        + progress.step()
        + (progress.pastPivot() ? ", past the pivot" : "")
        + (progress.cancelRequested() ? ", cancel requested" : "")
        + (progress.awaiting() == null ? "" : ", awaiting")
        + childEnd(progress.childEnd())
        + (progress.generation() == 0 ? "" : ", asks anew")
        + (progress.reported() == 0 ? "" : ", reported " + progress.reported());
  }

  private static String childEnd(@Nullable ChildEnd end) {
    if (end == null) {
      return "";
    }
    return end.outcome() == Outcome.SUCCEEDED ? ", child ended" : ", child failed";
  }

  private static String describe(Decision decision) {
    return decision.move()
        + " -> "
        + describe(decision.next())
        + cause(decision.next().cause())
        + (decision.due().isZero() ? "" : " after " + decision.due().toMillis());
  }

  private static String cause(@Nullable Cause cause) {
    return cause == null ? "" : " (" + cause.code() + ")";
  }

  // ---- The rules by name

  @Test
  void aCancelWaitsForTheStepAndThenUnwinds() {
    Progress cancelling =
        decide(UNDOABLE, at(UNDOABLE, "third"), 0, new Signal.CancelRequested()).next();
    assertThat(cancelling.phase()).isEqualTo(Phase.RUNNING);

    Decision decision = decide(UNDOABLE, cancelling, 0, done());

    assertThat(decision.next().phase()).isEqualTo(Phase.UNWINDING);
    assertThat(decision.next().step()).isEqualTo("third");
    assertThat(decision.next().cause()).isEqualTo(Cause.CANCELLED);
  }

  @Test
  void whatAnUndoWasStuckForIsNotWhyItIsUndone() {
    Progress cancelling = at(UNDOABLE, "first").cancelling();
    Progress unwinding = decide(UNDOABLE, cancelling, 0, done()).next();

    Progress stuck =
        decide(UNDOABLE, unwinding, 0, new Signal.Unwound(new UndoOutcome.Failed(FAULT))).next();
    Progress retried = decide(UNDOABLE, stuck, 0, new Signal.RetryRequested()).next();

    assertThat(stuck.cause()).isEqualTo(FAULT);
    assertThat(retried.cause()).isEqualTo(Cause.CANCELLED);
    assertThat(decide(UNDOABLE, retried, 0, undone()).next().outcome())
        .isEqualTo(Outcome.CANCELLED);
  }

  @Test
  void whatIsInterruptedPastItsDeadlineIsOverdue() {
    Signal interrupted =
        new Signal.Threw(new Cause(Cause.INTERRUPTED, "The step third was interrupted"), false);
    Progress unwinding = at(UNDOABLE, "third").unwinding("third", 1_000, FAULT);

    assertThat(decide(UNDOABLE, at(UNDOABLE, "third"), 0, interrupted).move()).isEqualTo(Move.STAY);
    assertThat(
            decide(UNDOABLE, at(UNDOABLE, "third"), ofMinutes(3).toMillis(), interrupted)
                .next()
                .cause())
        .isEqualTo(
            new Cause("deadline", "The step third took longer than it may: it was still at work"));
    assertThat(decide(UNDOABLE, unwinding, 2_000, interrupted).next().cause())
        .extracting(Cause::code)
        .isEqualTo("deadline");
  }

  @Test
  void theFailingStepIsUndoneToo() {
    Decision decision = decide(UNDOABLE, at(UNDOABLE, "third"), 0, failed());

    assertThat(decision.move()).isEqualTo(Move.UNWIND);
    assertThat(decision.next().step()).isEqualTo("third");
  }

  @Test
  void aStepWithoutUndoIsPassedOver() {
    Progress third = decide(UNDOABLE, at(UNDOABLE, "third"), 0, failed()).next();

    assertThat(decide(UNDOABLE, third, 0, undone()).next().step()).isEqualTo("first");
  }

  @Test
  void thePointOfNoReturnIsNotEnteredWhenCancelIsRequested() {
    Progress cancelling = at(PIVOTAL, "migrate").cancelling();

    Decision decision = decide(PIVOTAL, cancelling, 0, done());

    assertThat(decision.next().phase()).isEqualTo(Phase.UNWINDING);
    assertThat(decision.next().pastPivot()).isFalse();
  }

  @Test
  void cancelHasNoEffectPastThePointOfNoReturn() {
    assertThat(Transition.next(PIVOTAL, at(PIVOTAL, "switch"), 0, new Signal.CancelRequested()))
        .isEmpty();
  }

  @Test
  void failureAfterThePointOfNoReturnIsStuck() {
    Decision decision = decide(PIVOTAL, at(PIVOTAL, "clear"), 0, failed());

    assertThat(decision.next().phase()).isEqualTo(Phase.STUCK);
    assertThat(decision.next().cause()).isEqualTo(FAULT);
  }

  @Test
  void aLateSuccessOfTheLastStepCounts() {
    Decision decision = decide(UNDOABLE, at(UNDOABLE, "third"), ofMinutes(30).toMillis(), done());

    assertThat(decision.next().outcome()).isEqualTo(Outcome.SUCCEEDED);
  }

  @Test
  void aLateSuccessBeforeTheLastStepUnwindsWhenTheWholeIsOverdue() {
    Decision decision = decide(UNDOABLE, at(UNDOABLE, "first"), ofMinutes(30).toMillis(), done());

    assertThat(decision.next().phase()).isEqualTo(Phase.UNWINDING);
    assertThat(decision.next().cause()).extracting(Cause::code).isEqualTo("deadline");
  }

  @Test
  void aStepThatAlwaysAsksForSomethingNewIsOverdueToo() {
    Decision decision =
        decide(UNDOABLE, at(UNDOABLE, "third"), ofMinutes(3).toMillis(), awaiting());

    assertThat(decision.next().phase()).isEqualTo(Phase.UNWINDING);
    assertThat(decision.next().awaiting()).as("it was not asked any more").isNull();
  }

  @Test
  void aChildIsToldToStopBeforeAnythingIsUndone() {
    Progress waiting = at(UNDOABLE, "second").waiting(0, CHILD).cancelling();

    Progress unwinding = decide(UNDOABLE, waiting, 0, new Signal.ChildSilent()).next();
    assertThat(unwinding.step()).isEqualTo("second");
    assertThat(unwinding.awaiting()).isEqualTo(CHILD);

    Progress heard = decide(UNDOABLE, unwinding, 0, childEnded()).next();
    assertThat(heard.phase()).isEqualTo(Phase.UNWINDING);
    assertThat(heard.awaiting()).isNull();
    assertThat(decide(UNDOABLE, heard, 0, undone()).next().step()).isEqualTo("first");
  }

  @Test
  void theEndOfAChildThatNobodyAwaitsHasNoEffect() {
    assertThat(Transition.next(UNDOABLE, at(UNDOABLE, "second"), 0, childEnded())).isEmpty();
  }

  @Test
  void whatIsStuckAtAStepThisVersionDoesNotKnowCanOnlyBeSuperseded() {
    Progress stuck = at(PIVOTAL, "make").stuck(FAULT);

    assertThat(Transition.next(UNDOABLE, stuck, 0, new Signal.RetryRequested())).isEmpty();
    assertThat(Transition.next(UNDOABLE, stuck, 0, new Signal.CancelRequested())).isEmpty();
    assertThat(decide(UNDOABLE, stuck, 0, new Signal.Superseded("op")).next().outcome())
        .isEqualTo(Outcome.SUPERSEDED);
  }

  @Test
  void aRetryHasTheWholeTimeAgain() {
    long now = ofMinutes(60).toMillis();
    Progress stuck = at(PIVOTAL, "clear").stuck(FAULT);

    Progress retried = decide(PIVOTAL, stuck, now, new Signal.RetryRequested()).next();

    assertThat(retried.deadline()).isEqualTo(now + ofMinutes(10).toMillis());
    assertThat(retried.stepDeadline()).isEqualTo(now + ofMinutes(2).toMillis());
    assertThat(retried.cause()).isNull();
  }

  @Test
  void thePauseBetweenAttemptsGrowsToFiveSeconds() {
    Duration before = Duration.ZERO;
    for (int attempts = 0; attempts < 40; attempts++) {
      Duration pause =
          decide(
                  UNDOABLE,
                  at(UNDOABLE, "first").waiting(attempts, null),
                  0,
                  new Signal.Threw(FAULT, false))
              .due();
      assertThat(pause).isBetween(before, ofSeconds(5));
      before = pause;
    }
    assertThat(before).isEqualTo(ofSeconds(5));
  }

  @Test
  void noPauseIsLongerThanTheTimeLeft() {
    long now = ofMinutes(2).toMillis() - 10;

    assertThat(decide(UNDOABLE, at(UNDOABLE, "first"), now, again(ofMinutes(1))).due())
        .isEqualTo(ofMillis(10));
  }

  @Test
  void progressGivesAStepItsTimeAgainUpToItsLimit() {
    Progress progress = at(EXTENSIBLE, "build");
    long minute = ofMinutes(1).toMillis();
    assertThat(progress.stepDeadline()).isEqualTo(2 * minute);

    progress = decide(EXTENSIBLE, progress, minute, further(10)).next();
    assertThat(progress.stepDeadline()).isEqualTo(3 * minute);

    progress = decide(EXTENSIBLE, progress, 2 * minute, further(10)).next();
    assertThat(progress.stepDeadline()).as("it stood still").isEqualTo(3 * minute);

    // Found past its deadline, it is asked once more, and has come further.
    progress = decide(EXTENSIBLE, progress, 4 * minute, further(11)).next();
    assertThat(progress.phase()).isEqualTo(Phase.RUNNING);
    assertThat(progress.stepDeadline()).as("the limit").isEqualTo(5 * minute);

    Decision decision = decide(EXTENSIBLE, progress, 5 * minute, further(12));
    assertThat(decision.next().phase()).isEqualTo(Phase.UNWINDING);
    assertThat(decision.next().cause()).extracting(Cause::code).isEqualTo("deadline");
  }

  @Test
  void progressExtendsNothingWhereThePlanDoesNotSaySo() {
    Progress progress = at(UNDOABLE, "first");

    assertThat(decide(UNDOABLE, progress, 1, further(9)).next().stepDeadline())
        .isEqualTo(progress.stepDeadline());
  }

  @Test
  void noProgressIsWorthMoreThanTheWhole() {
    var plan =
        new PlanShape(
            ofMinutes(3),
            false,
            false,
            List.of(
                new StepShape(
                    "build",
                    StepShape.Kind.ORDINARY,
                    Admission.BUILD,
                    ofMinutes(2),
                    ofMinutes(20),
                    true)));

    Progress further =
        decide(plan, Progress.begin(plan, 0), ofMinutes(2).toMillis(), further(1)).next();

    assertThat(further.stepDeadline()).isEqualTo(ofMinutes(3).toMillis());
  }

  @Test
  void aRetryForgetsAChildThatFailedAndKeepsOneThatSucceeded() {
    Progress failed = at(PIVOTAL, "clear").hearing(FAILED).stuck(FAULT);
    Progress retried = decide(PIVOTAL, failed, 0, new Signal.RetryRequested()).next();
    assertThat(retried.childEnd()).isNull();
    assertThat(retried.generation()).isEqualTo(1);

    ChildEnd succeeded = new ChildEnd(CHILD.id(), Outcome.SUCCEEDED, null);
    Progress late = at(PIVOTAL, "clear").hearing(succeeded).stuck(FAULT);
    retried = decide(PIVOTAL, late, 0, new Signal.RetryRequested()).next();
    assertThat(retried.childEnd()).isEqualTo(succeeded);
    assertThat(retried.generation()).isZero();
  }
}
