package dev.slipway.common.operation;

import dev.slipway.common.ledger.Resource;
import java.time.Duration;
import java.util.Map;

/// What the undo of a step came to.
public sealed interface UndoOutcome {

  /// Everything the step may have made is gone.
  ///
  /// @param proof  how that was verified, in words; it stands in the ledger
  /// @param things what has a proof of its own there
  record Undone(String proof, Map<Resource, String> things) implements UndoOutcome {
    public Undone {
      things = Map.copyOf(things);
    }
  }

  /// Not yet; look again after a while.
  record Again(Duration after, String why) implements UndoOutcome {}

  /// It cannot be undone without help: the operation is stuck.
  record Failed(Cause cause) implements UndoOutcome {}

  static UndoOutcome undone(String proof) {
    return new Undone(proof, Map.of());
  }

  /// The same with a proof for each thing.
  static UndoOutcome undone(Map<Resource, String> things) {
    return new Undone(
        String.join("; ", things.values().stream().distinct().sorted().toList()), things);
  }

  static UndoOutcome again(Duration after, String why) {
    return new Again(after, why);
  }

  static UndoOutcome failed(String code, String message) {
    return new Failed(new Cause(code, message));
  }
}
