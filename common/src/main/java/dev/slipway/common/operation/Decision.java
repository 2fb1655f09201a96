package dev.slipway.common.operation;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What follows from a signal.
///
/// @param next     the new progress
/// @param move     what the store has to write besides
/// @param due      how long until it is looked at again
/// @param waitingFor in words, what it waits for; null when it does not wait
record Decision(Progress next, Move move, Duration due, @Nullable String waitingFor) {

  /// What happens to the steps.
  enum Move {
    /// The current step goes on, later.
    STAY,
    /// The current step is done and the next one is entered.
    ENTER,
    /// The current step is given up; the undo of `next.step()` is entered, which may be the same
    /// step's.
    UNWIND,
    /// The undo of the current step is done; the one of `next.step()` is entered.
    UNWIND_FURTHER,
    /// The current step, or its undo, is the last thing that was done.
    END,
    /// Nothing moves until somebody acts.
    STICK
  }

  static Decision stay(Progress next, Duration due, String why) {
    return new Decision(next, Move.STAY, due, why);
  }

  static Decision now(Progress next, Move move) {
    return new Decision(next, move, Duration.ZERO, null);
  }
}
