package dev.slipway.common.operation;

import java.time.Duration;

/// What the undo of a step came to.
public sealed interface UndoOutcome {

  /// Everything the step may have made is gone.
  ///
  /// @param proof how that was verified, in words; it stands in the ledger
  record Undone(String proof) implements UndoOutcome {}

  /// Not yet; look again after a while.
  record Again(Duration after, String why) implements UndoOutcome {}

  /// It cannot be undone without help: the operation is stuck.
  record Failed(Cause cause) implements UndoOutcome {}

  static UndoOutcome undone(String proof) {
    return new Undone(proof);
  }

  static UndoOutcome again(Duration after, String why) {
    return new Again(after, why);
  }

  static UndoOutcome failed(String code, String message) {
    return new Failed(new Cause(code, message));
  }
}
