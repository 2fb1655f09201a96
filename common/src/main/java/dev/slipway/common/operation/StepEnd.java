package dev.slipway.common.operation;

import dev.slipway.common.operation.Decision.Move;
import org.jspecify.annotations.Nullable;

/// How a step, or its undo, was left.
///
/// @param done    whether it did what it should
/// @param message the proof of what was undone, or why it failed; null where nothing is to be said
record StepEnd(boolean done, @Nullable String message) {

  /// How the current step is left by what follows from a signal; null when it is not, or was left
  /// before.
  static @Nullable StepEnd of(StoredOperation operation, Decision decision, Signal signal) {
    if (signal instanceof Signal.Stepped(StepOutcome.Done<?> ignored)) {
      return new StepEnd(true, null);
    }
    if (signal instanceof Signal.Unwound(UndoOutcome.Undone undone)) {
      return new StepEnd(true, undone.proof());
    }
    Phase phase = operation.progress().phase();
    if (decision.move() == Move.STAY || (phase != Phase.RUNNING && phase != Phase.UNWINDING)) {
      return null;
    }
    Cause cause = decision.next().cause();
    return new StepEnd(false, cause == null ? null : cause.message());
  }
}
