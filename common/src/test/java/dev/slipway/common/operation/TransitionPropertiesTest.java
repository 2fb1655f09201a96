package dev.slipway.common.operation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.operation.Decision.Move;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.jspecify.annotations.Nullable;

/// What holds for every plan, whatever happens to it in whatever order.
final class TransitionPropertiesTest {

  /// Something that happens, after a while.
  record Happening(Signal signal, long afterMillis) {}

  /// An operation in memory, with what has happened to it.
  private static final class Life {

    final PlanShape plan;
    final List<String> entered = new ArrayList<>();
    final List<String> undoing = new ArrayList<>();
    Progress progress;
    long now;

    Life(PlanShape plan) {
      this.plan = plan;
      progress = Progress.begin(plan, 0);
      entered.add(progress.step());
    }

    @Nullable Decision meet(Signal signal) {
      Progress before = progress;
      Optional<Decision> decided = Transition.next(plan, before, now, signal);
      if (decided.isEmpty()) {
        return null;
      }
      Decision decision = decided.get();
      progress = decision.next();
      switch (decision.move()) {
        case ENTER -> entered.add(progress.step());
        case UNWIND, UNWIND_FURTHER -> undoing.add(progress.step());
        case STAY, END, STICK -> {}
      }
      check(before, decision);
      return decision;
    }

    private void check(Progress before, Decision decision) {
      Progress next = decision.next();
      assertThat(next.phase() == Phase.ENDED).isEqualTo(next.outcome() != null);
      assertThat(next.phase() == Phase.STUCK).isEqualTo(next.stuckIn() != null);
      assertThat(next.phase() == Phase.ENDED).isEqualTo(decision.move() == Move.END);
      assertThat(before.phase()).as("what has ended stays ended").isNotEqualTo(Phase.ENDED);
      assertThat(next.phase() == Phase.UNWINDING && next.pastPivot())
          .as("nothing is undone after the point of no return")
          .isFalse();
      assertThat(before.pastPivot() && !next.pastPivot()).isFalse();
      if (next.outcome() == Outcome.SUCCEEDED) {
        assertThat(before.cancelRequested() && !before.pastPivot())
            .as("a cancel that could be honoured was passed over")
            .isFalse();
        assertThat(entered).hasSameSizeAs(plan.steps());
      }
      if (next.pastPivot() && !before.pastPivot()) {
        assertThat(before.cancelRequested())
            .as("the pivot was entered in spite of a cancel")
            .isFalse();
      }
      if (next.phase() == Phase.UNWINDING || next.phase() == Phase.STUCK) {
        assertThat(next.cause()).as("it says why").isNotNull();
      }
      assertThat(next.stepDeadline()).isLessThanOrEqualTo(next.deadline());
      if (decision.move() == Move.STAY) {
        long limit = next.phase() == Phase.UNWINDING ? next.deadline() : next.stepDeadline();
        assertThat(decision.due().toMillis())
            .as("it is looked at again before it is overdue")
            .isBetween(0L, Math.max(0, limit - now));
      }
      if (next.outcome() == Outcome.UNDONE || next.outcome() == Outcome.CANCELLED) {
        assertThat(undoableOf(undoing)).isEqualTo(undoableOf(entered).reversed());
      } else if (!undoing.isEmpty()) {
        List<String> all = undoableOf(entered).reversed();
        List<String> undone = undoableOf(undoing);
        assertThat(all.subList(0, undone.size())).as("newest first").isEqualTo(undone);
      }
    }

    private List<String> undoableOf(List<String> steps) {
      return steps.stream().filter(step -> plan.step(step).undoable()).distinct().toList();
    }
  }

  @Property(tries = 2_000)
  void theRulesHoldWhateverHappens(
      @ForAll("plans") PlanShape plan, @ForAll("happenings") List<Happening> happenings) {
    var life = new Life(plan);
    for (Happening happening : happenings) {
      life.now += happening.afterMillis();
      life.meet(happening.signal());
    }
  }

  @Property(tries = 1_000)
  void anOperationCanAlwaysEnd(
      @ForAll("plans") PlanShape plan, @ForAll("happenings") List<Happening> happenings) {
    var life = new Life(plan);
    for (Happening happening : happenings) {
      life.now += happening.afterMillis();
      life.meet(happening.signal());
    }

    for (int i = 0; i < 3 * plan.steps().size() + 10; i++) {
      if (life.progress.phase() == Phase.ENDED) {
        return;
      }
      life.meet(wellMeant(life.progress));
    }

    assertThat(life.progress.phase()).isEqualTo(Phase.ENDED);
  }

  @Property(tries = 1_000)
  void aDestroyTakesOverInEveryState(
      @ForAll("plans") PlanShape plan, @ForAll("happenings") List<Happening> happenings) {
    var life = new Life(plan);
    for (Happening happening : happenings) {
      life.now += happening.afterMillis();
      life.meet(happening.signal());
    }

    boolean over = life.progress.phase() == Phase.ENDED;
    Decision decision = life.meet(new Signal.Superseded("op_destroy"));

    assertThat(decision == null).isEqualTo(over);
    assertThat(life.progress.phase()).isEqualTo(Phase.ENDED);
  }

  @Property(tries = 500)
  void timeAloneEndsItOrSaysThatItIsStuck(
      @ForAll("plans") PlanShape plan,
      @ForAll("idleSteps") List<Signal> steps,
      @ForAll("idleUndos") List<Signal> undos) {
    var life = new Life(plan);
    long most = plan.deadline().plus(Transition.UNWINDING).plusSeconds(1).toMillis();

    for (int i = 0;
        life.progress.phase() != Phase.ENDED && life.progress.phase() != Phase.STUCK;
        i++) {
      assertThat(life.now).as("it goes on beyond its deadline").isLessThanOrEqualTo(most);
      List<Signal> idle = life.progress.phase() == Phase.UNWINDING ? undos : steps;
      Signal signal =
          life.progress.awaiting() == null ? idle.get(i % idle.size()) : new Signal.ChildSilent();
      Decision decision = life.meet(signal);
      life.now += decision == null ? 100 : Math.max(1, decision.due().toMillis());
    }
  }

  /// What a working step, undo, child or person would do next.
  private static Signal wellMeant(Progress progress) {
    Child child = progress.awaiting();
    return switch (progress.phase()) {
      case RUNNING ->
          child == null
              ? TransitionTest.done()
              : new Signal.ChildEnded(new ChildEnd(child.id(), Outcome.SUCCEEDED, null));
      case UNWINDING ->
          child == null
              ? TransitionTest.undone()
              : new Signal.ChildEnded(new ChildEnd(child.id(), Outcome.CANCELLED, null));
      case STUCK -> new Signal.RetryRequested();
      case QUEUED -> new Signal.CancelRequested();
      case ENDED -> throw new IllegalStateException("It has ended");
    };
  }

  @Provide
  Arbitrary<PlanShape> plans() {
    Arbitrary<StepShape.Kind> kinds =
        Arbitraries.of(
            StepShape.Kind.ORDINARY,
            StepShape.Kind.ORDINARY,
            StepShape.Kind.ORDINARY,
            StepShape.Kind.KEPT,
            StepShape.Kind.PIVOT);
    Arbitrary<StepShape> steps =
        Combinators.combine(
                kinds, Arbitraries.of(true, false), Arbitraries.integers().between(1, 300))
            .as(
                (kind, undoable, seconds) ->
                    new StepShape(
                        "step", kind, Admission.LIGHT, Duration.ofSeconds(seconds), undoable));
    return Combinators.combine(
            steps.list().ofMinSize(1).ofMaxSize(6),
            Arbitraries.of(true, false, false, false),
            Arbitraries.integers().between(1, 600))
        .as(
            (shapes, supersedes, seconds) -> {
              List<StepShape> named = new ArrayList<>();
              for (StepShape shape : shapes) {
                named.add(
                    new StepShape(
                        "step" + named.size(),
                        shape.kind(),
                        shape.admission(),
                        shape.within(),
                        shape.undoable()));
              }
              return new PlanShape(Duration.ofSeconds(seconds), supersedes, false, named);
            });
  }

  @Provide
  Arbitrary<List<Happening>> happenings() {
    Arbitrary<Signal> signals =
        Arbitraries.frequencyOf(
            Tuple.of(8, Arbitraries.just(TransitionTest.done())),
            Tuple.of(4, Arbitraries.just(TransitionTest.undone())),
            Tuple.of(
                4,
                Arbitraries.of(
                    TransitionTest.again(Duration.ofSeconds(1)),
                    TransitionTest.awaiting(),
                    TransitionTest.childEnded(),
                    new Signal.ChildSilent(),
                    new Signal.CancelRequested(),
                    new Signal.RetryRequested())),
            Tuple.of(
                2,
                Arbitraries.of(
                    TransitionTest.failed(),
                    new Signal.Threw(TransitionTest.FAULT, false),
                    new Signal.Threw(TransitionTest.FAULT, true),
                    new Signal.Unrunnable(TransitionTest.FAULT),
                    new Signal.AbandonRequested(),
                    new Signal.Unwound(UndoOutcome.again(Duration.ofSeconds(9), "the lock")),
                    new Signal.Unwound(new UndoOutcome.Failed(TransitionTest.FAULT)))));
    Arbitrary<Long> times =
        Arbitraries.frequencyOf(
            Tuple.of(5, Arbitraries.longs().between(0, 100)),
            Tuple.of(1, Arbitraries.longs().between(0, 400_000)));
    return Combinators.combine(signals, times).as(Happening::new).list().ofMaxSize(40);
  }

  @Provide
  Arbitrary<List<Signal>> idleSteps() {
    return Arbitraries.of(
            TransitionTest.again(Duration.ofSeconds(2)),
            TransitionTest.again(Duration.ofHours(2)),
            TransitionTest.awaiting(),
            new Signal.Threw(TransitionTest.FAULT, false))
        .list()
        .ofMinSize(1)
        .ofMaxSize(5);
  }

  @Provide
  Arbitrary<List<Signal>> idleUndos() {
    return Arbitraries.<Signal>of(
            new Signal.Threw(TransitionTest.FAULT, false),
            new Signal.Unwound(UndoOutcome.again(Duration.ofSeconds(9), "the lock")))
        .list()
        .ofMinSize(1)
        .ofMaxSize(5);
  }
}
