package dev.slipway.common.operation;

import org.jspecify.annotations.Nullable;

/// Where an operation stands: all that [Transition] needs to say what follows.
///
/// Times are milliseconds of the platform's running time.
///
/// @param step            the step that runs, or whose undo runs
/// @param stuckIn         the phase it was in when it got stuck
/// @param deadline        of the whole while running; of the unwinding while unwinding
/// @param stepDeadline    of the current step
/// @param awaiting        the child begun and not yet heard of
/// @param childEnd        how the last child ended
/// @param cause           why it unwinds, is stuck or ended without success
/// @param stepLimit       what reports of progress can extend the deadline of the current step to
/// @param reported        how far the current step said that it had come
/// @param generation      how often a child of this step has failed and a retry has asked anew
/// @param undoneFor       why it was being undone, while an undo is stuck for a cause of its own
record Progress(
    Phase phase,
    @Nullable Phase stuckIn,
    @Nullable Outcome outcome,
    String step,
    int attempts,
    boolean cancelRequested,
    boolean pastPivot,
    long deadline,
    long stepDeadline,
    @Nullable Child awaiting,
    @Nullable ChildEnd childEnd,
    @Nullable Cause cause,
    long stepLimit,
    long reported,
    int generation,
    @Nullable Cause undoneFor) {

  /// The progress of an operation that enters its first step.
  static Progress begin(PlanShape plan, long now) {
    StepShape first = plan.first();
    long deadline = now + plan.deadline().toMillis();
    return new Progress(
        Phase.RUNNING,
        null,
        null,
        first.name(),
        0,
        false,
        plan.supersedes() || first.kind() == StepShape.Kind.PIVOT,
        deadline,
        Math.min(deadline, now + first.within().toMillis()),
        null,
        null,
        null,
        Math.min(deadline, now + first.atMost().toMillis()),
        0,
        0,
        null);
  }

  boolean cancellable() {
    return !pastPivot && (phase == Phase.RUNNING || phase == Phase.QUEUED || phase == Phase.STUCK);
  }

  Progress entering(StepShape next, long now) {
    return new Progress(
        Phase.RUNNING,
        null,
        null,
        next.name(),
        0,
        cancelRequested,
        pastPivot || next.kind() == StepShape.Kind.PIVOT,
        deadline,
        Math.min(deadline, now + next.within().toMillis()),
        null,
        null,
        null,
        Math.min(deadline, now + next.atMost().toMillis()),
        0,
        0,
        null);
  }

  Progress waiting(int attempt, @Nullable Child child) {
    return new Progress(
        phase,
        stuckIn,
        outcome,
        step,
        attempt,
        cancelRequested,
        pastPivot,
        deadline,
        stepDeadline,
        child,
        childEnd,
        cause,
        stepLimit,
        reported,
        generation,
        undoneFor);
  }

  Progress unwinding(String at, long until, Cause why) {
    return new Progress(
        Phase.UNWINDING,
        null,
        null,
        at,
        0,
        cancelRequested,
        pastPivot,
        until,
        until,
        awaiting,
        childEnd,
        why,
        stepLimit,
        reported,
        generation,
        null);
  }

  Progress ended(Outcome how, @Nullable Cause why) {
    return new Progress(
        Phase.ENDED,
        null,
        how,
        step,
        attempts,
        cancelRequested,
        pastPivot,
        deadline,
        stepDeadline,
        null,
        childEnd,
        why,
        stepLimit,
        reported,
        generation,
        null);
  }

  Progress stuck(Cause why) {
    return new Progress(
        /* phase= */ Phase.STUCK,
        /* stuckIn= */ phase,
        null,
        step,
        attempts,
        cancelRequested,
        pastPivot,
        deadline,
        stepDeadline,
        awaiting,
        childEnd,
        why,
        stepLimit,
        reported,
        generation,
        phase == Phase.UNWINDING ? cause : null);
  }

  Progress resumed(Phase in, long wholeDeadline, long currentStepDeadline, long currentStepLimit) {
    return new Progress(
        in,
        null,
        null,
        step,
        0,
        cancelRequested,
        pastPivot,
        wholeDeadline,
        currentStepDeadline,
        awaiting,
        childEnd,
        in == Phase.RUNNING ? null : undoneFor == null ? cause : undoneFor,
        currentStepLimit,
        0,
        generation,
        null);
  }

  /// Forgets a child that has failed: its answer would be the same for ever, so the step gets to
  /// ask another one.
  Progress askingAnew() {
    return new Progress(
        phase,
        stuckIn,
        outcome,
        step,
        attempts,
        cancelRequested,
        pastPivot,
        deadline,
        stepDeadline,
        null,
        null,
        cause,
        stepLimit,
        reported,
        generation + 1,
        undoneFor);
  }

  /// Notes how far the step has come. What is further than ever before gives it its time again, up
  /// to the limit; what is not changes nothing.
  Progress reporting(long done, StepShape shape, long now) {
    if (done <= reported) {
      return this;
    }
    long extended = Math.min(stepLimit, now + shape.within().toMillis());
    return new Progress(
        phase,
        stuckIn,
        outcome,
        step,
        attempts,
        cancelRequested,
        pastPivot,
        deadline,
        Math.max(stepDeadline, extended),
        awaiting,
        childEnd,
        cause,
        stepLimit,
        done,
        generation,
        undoneFor);
  }

  Progress cancelling() {
    return new Progress(
        phase,
        stuckIn,
        outcome,
        step,
        attempts,
        true,
        pastPivot,
        deadline,
        stepDeadline,
        awaiting,
        childEnd,
        cause,
        stepLimit,
        reported,
        generation,
        undoneFor);
  }

  Progress hearing(ChildEnd end) {
    return new Progress(
        phase,
        stuckIn,
        outcome,
        step,
        attempts,
        cancelRequested,
        pastPivot,
        deadline,
        stepDeadline,
        null,
        end,
        cause,
        stepLimit,
        reported,
        generation,
        undoneFor);
  }
}
