package dev.slipway.common.operation;

import dev.slipway.common.operation.Decision.Move;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The kernel's rules: what follows from where an operation stands and what happened. Pure, and the
/// only place where these rules stand.
///
/// - Before the point of no return, whatever fails is unwound: the undo of every entered step runs,
///   newest first, the failing one included. After it there is only forward, and what cannot go
///   forward is stuck.
/// - A step that is found past its deadline has been asked once more by the time this is called, so
///   that a late success counts.
/// - Nothing ends, and no point of no return is entered, while a cancel is requested that could
///   still be honoured.
final class Transition {

  /// The longest pause between two attempts.
  static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /// What unwinding may take.
  static final Duration UNWINDING = Duration.ofMinutes(2);

  /// How long a child may be silent before it is asked again.
  static final Duration SILENCE = Duration.ofSeconds(3);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);

  private Transition() {}

  /// What follows.
  ///
  /// @param now the platform's running time in milliseconds
  /// @return empty when the signal has no effect in this phase
  static Optional<Decision> next(PlanShape plan, Progress at, long now, Signal signal) {
    return switch (signal) {
      case Signal.Stepped(StepOutcome<?> outcome) ->
          at.phase() == Phase.RUNNING
              ? Optional.of(stepped(plan, at, now, outcome))
              : Optional.empty();
      case Signal.Unwound(UndoOutcome outcome) ->
          at.phase() == Phase.UNWINDING
              ? Optional.of(unwound(plan, at, now, outcome))
              : Optional.empty();
      case Signal.Threw(Cause cause, boolean permanent) -> threw(plan, at, now, cause, permanent);
      case Signal.Unrunnable(Cause cause) ->
          at.phase() == Phase.RUNNING || at.phase() == Phase.UNWINDING
              ? Optional.of(stick(at, cause))
              : Optional.empty();
      case Signal.ChildSilent() -> childSilent(plan, at, now);
      case Signal.ChildEnded(ChildEnd end) -> childEnded(at, end);
      case Signal.CancelRequested() -> cancelRequested(plan, at, now);
      case Signal.RetryRequested() -> retryRequested(plan, at, now);
      case Signal.AbandonRequested() ->
          at.phase() == Phase.STUCK && at.pastPivot()
              ? Optional.of(end(at, Outcome.ABANDONED, at.cause()))
              : Optional.empty();
      case Signal.Superseded(String by) ->
          at.phase() == Phase.ENDED
              ? Optional.empty()
              : Optional.of(
                  end(
                      at,
                      Outcome.SUPERSEDED,
                      new Cause("superseded", "The operation %s took over".formatted(by))));
    };
  }

  private static Decision stepped(PlanShape plan, Progress at, long now, StepOutcome<?> outcome) {
    boolean cancel = at.cancelRequested() && !at.pastPivot();
    return switch (outcome) {
      case StepOutcome.Done<?> done when cancel -> unwind(plan, at, now, Cause.CANCELLED);
      case StepOutcome.Done<?> done -> {
        StepShape next = plan.after(at.step());
        if (next == null) {
          yield end(at, Outcome.SUCCEEDED, null);
        }
        if (now >= at.deadline()) {
          yield giveUp(plan, at, now, overdue(at, "The whole took longer than it may"));
        }
        yield Decision.now(at.entering(next, now), Move.ENTER);
      }
      case StepOutcome.Failed<?>(Cause cause) -> giveUp(plan, at, now, cause);
      case StepOutcome.Again<?>(Duration after, String why, long reported) -> {
        if (cancel) {
          yield unwind(plan, at, now, Cause.CANCELLED);
        }
        Progress further = at.reporting(reported, plan.step(at.step()), now);
        if (now >= further.stepDeadline()) {
          yield giveUp(plan, further, now, overdue(at, why));
        }
        yield Decision.stay(
            further.waiting(at.attempts() + 1, null),
            clip(after, now, further.stepDeadline()),
            why);
      }
      case StepOutcome.Await<?>(Child child, String why) -> {
        if (cancel) {
          yield unwind(plan, at.waiting(at.attempts(), child), now, Cause.CANCELLED);
        }
        // Each child has ended in time, and yet there is always another one.
        if (now >= at.stepDeadline()) {
          yield giveUp(plan, at, now, overdue(at, why));
        }
        yield Decision.stay(
            at.waiting(at.attempts(), child), clip(SILENCE, now, at.stepDeadline()), why);
      }
    };
  }

  private static Decision unwound(PlanShape plan, Progress at, long now, UndoOutcome outcome) {
    return switch (outcome) {
      case UndoOutcome.Undone undone -> {
        StepShape next = plan.undoableBefore(at.step());
        yield next == null
            ? end(at, outcomeOf(at), at.cause())
            : Decision.now(
                at.unwinding(next.name(), at.deadline(), causeOf(at)), Move.UNWIND_FURTHER);
      }
      case UndoOutcome.Failed(Cause cause) -> stick(at, cause);
      case UndoOutcome.Again(Duration after, String why) ->
          now >= at.deadline()
              ? stick(at, overdue(at, why))
              : Decision.stay(
                  at.waiting(at.attempts() + 1, null), clip(after, now, at.deadline()), why);
    };
  }

  private static Optional<Decision> threw(
      PlanShape plan, Progress at, long now, Cause cause, boolean permanent) {
    return switch (at.phase()) {
      case RUNNING -> {
        if (at.cancelRequested() && !at.pastPivot()) {
          yield Optional.of(unwind(plan, at, now, Cause.CANCELLED));
        }
        yield Optional.of(
            permanent || now >= at.stepDeadline()
                ? giveUp(plan, at, now, inTime(at, cause))
                : Decision.stay(
                    at.waiting(at.attempts() + 1, null),
                    clip(pause(at.attempts()), now, at.stepDeadline()),
                    cause.message()));
      }
      case UNWINDING ->
          Optional.of(
              now >= at.deadline()
                  ? stick(at, inTime(at, cause))
                  : Decision.stay(
                      at.waiting(at.attempts() + 1, null),
                      clip(pause(at.attempts()), now, at.deadline()),
                      cause.message()));
      case QUEUED, STUCK, ENDED -> Optional.empty();
    };
  }

  private static Optional<Decision> childSilent(PlanShape plan, Progress at, long now) {
    Child child = at.awaiting();
    if (child == null) {
      return Optional.empty();
    }
    String silence = "The operation %s (%s) has not ended".formatted(child.id(), child.kind());
    return switch (at.phase()) {
      case RUNNING -> {
        if (at.cancelRequested() && !at.pastPivot()) {
          yield Optional.of(unwind(plan, at, now, Cause.CANCELLED));
        }
        yield Optional.of(
            now >= at.stepDeadline()
                ? giveUp(plan, at, now, overdue(at, silence))
                : Decision.stay(
                    at.waiting(at.attempts() + 1, child),
                    clip(SILENCE, now, at.stepDeadline()),
                    silence));
      }
      case UNWINDING ->
          Optional.of(
              now >= at.deadline()
                  ? stick(at, overdue(at, silence))
                  : Decision.stay(
                      at.waiting(at.attempts() + 1, child),
                      clip(SILENCE, now, at.deadline()),
                      silence));
      case QUEUED, STUCK, ENDED -> Optional.empty();
    };
  }

  private static Optional<Decision> childEnded(Progress at, ChildEnd end) {
    Child child = at.awaiting();
    if (child == null || !child.id().equals(end.id())) {
      return Optional.empty();
    }
    return switch (at.phase()) {
      case RUNNING, UNWINDING -> Optional.of(Decision.now(at.hearing(end), Move.STAY));
      // It is kept for whoever retries.
      case STUCK -> Optional.of(new Decision(at.hearing(end), Move.STICK, Duration.ZERO, null));
      case QUEUED, ENDED -> Optional.empty();
    };
  }

  private static Optional<Decision> cancelRequested(PlanShape plan, Progress at, long now) {
    return switch (at.phase()) {
      case QUEUED -> Optional.of(end(at, Outcome.CANCELLED, Cause.CANCELLED));
      // A step may be acting at this moment: it is undone once it has come to something.
      case RUNNING ->
          at.pastPivot() ? Optional.empty() : Optional.of(Decision.now(at.cancelling(), Move.STAY));
      case STUCK -> {
        if (!plan.knows(at.step())) {
          yield Optional.empty();
        }
        if (at.stuckIn() == Phase.UNWINDING) {
          yield retryRequested(plan, at, now);
        }
        yield at.pastPivot()
            ? Optional.empty()
            : Optional.of(unwind(plan, at.cancelling(), now, Cause.CANCELLED));
      }
      case UNWINDING, ENDED -> Optional.empty();
    };
  }

  private static Optional<Decision> retryRequested(PlanShape plan, Progress at, long now) {
    // A version that knows the step may try it again; this one cannot tell what to do or undo.
    if (at.phase() != Phase.STUCK || !plan.knows(at.step())) {
      return Optional.empty();
    }
    if (at.stuckIn() == Phase.UNWINDING) {
      long until = now + UNWINDING.toMillis();
      return Optional.of(Decision.now(at.resumed(Phase.UNWINDING, until, until, until), Move.STAY));
    }
    long deadline = now + plan.deadline().toMillis();
    StepShape step = plan.step(at.step());
    Progress resumed =
        at.resumed(
            Phase.RUNNING,
            deadline,
            Math.min(deadline, now + step.within().toMillis()),
            Math.min(deadline, now + step.atMost().toMillis()));
    ChildEnd end = at.childEnd();
    boolean childFailed = end != null && end.outcome() != Outcome.SUCCEEDED;
    return Optional.of(Decision.now(childFailed ? resumed.askingAnew() : resumed, Move.STAY));
  }

  private static Decision giveUp(PlanShape plan, Progress at, long now, Cause cause) {
    return at.pastPivot() ? stick(at, cause) : unwind(plan, at, now, cause);
  }

  private static Decision unwind(PlanShape plan, Progress at, long now, Cause cause) {
    StepShape first = plan.undoableAt(at.step());
    if (first == null && at.awaiting() == null) {
      return end(at, cause.equals(Cause.CANCELLED) ? Outcome.CANCELLED : Outcome.UNDONE, cause);
    }
    // A child is told to stop before anything is undone, at the step that asked for it.
    String where = first == null || at.awaiting() != null ? at.step() : first.name();
    return Decision.now(at.unwinding(where, now + UNWINDING.toMillis(), cause), Move.UNWIND);
  }

  private static Decision end(Progress at, Outcome outcome, @Nullable Cause cause) {
    return Decision.now(at.ended(outcome, cause), Move.END);
  }

  private static Decision stick(Progress at, Cause cause) {
    return Decision.now(at.stuck(cause), Move.STICK);
  }

  private static Outcome outcomeOf(Progress at) {
    return Cause.CANCELLED.equals(at.cause()) ? Outcome.CANCELLED : Outcome.UNDONE;
  }

  private static Cause causeOf(Progress at) {
    Cause cause = at.cause();
    if (cause == null) {
      throw new IllegalStateException("An operation does not unwind without a cause");
    }
    return cause;
  }

  private static Cause overdue(Progress at, String why) {
    return new Cause(
        "deadline", "The step %s took longer than it may: %s".formatted(at.step(), why));
  }

  /// What is overdue is interrupted, which is how it ends and not why.
  private static Cause inTime(Progress at, Cause cause) {
    return cause.code().equals(Cause.INTERRUPTED) ? overdue(at, "it was still at work") : cause;
  }

  private static Duration pause(int attempts) {
    Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(attempts, 10));
    return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
  }

  private static Duration clip(Duration pause, long now, long deadline) {
    Duration left = Duration.ofMillis(Math.max(0, deadline - now));
    return pause.compareTo(left) > 0 ? left : pause;
  }
}
