package dev.slipway.common.operation;

import java.time.Duration;

/// What the kernel's rules need to know of a step.
///
/// @param within   its own deadline, in time the platform runs
/// @param undoable whether it has an undo
record StepShape(String name, Kind kind, Admission admission, Duration within, boolean undoable) {

  enum Kind {
    ORDINARY,
    KEPT,
    PIVOT
  }
}
