package dev.slipway.instance.reconcile;

import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.Outcome;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// A repair that came to something.
///
/// @param outcome null when it is stuck
/// @param ago     since when
record PastRepair(String id, @Nullable Outcome outcome, @Nullable Cause cause, Duration ago) {

  boolean succeeded() {
    return outcome == Outcome.SUCCEEDED;
  }

  /// Whether it came to nothing because of the instance, and not because somebody else came first.
  boolean failed() {
    return outcome != Outcome.SUCCEEDED && outcome != Outcome.SUPERSEDED;
  }
}
