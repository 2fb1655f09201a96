package dev.slipway.common.operation;

import java.time.Duration;

/// What the kernel's rules need to know of a step.
///
/// @param within   its own deadline, in time the platform runs; counted from its last progress
///     where it reports any
/// @param atMost   what progress can extend that to
/// @param undoable whether it has an undo
record StepShape(
    String name,
    Kind kind,
    Admission admission,
    Duration within,
    Duration atMost,
    boolean undoable) {

  /// One whose deadline nothing extends.
  StepShape(String name, Kind kind, Admission admission, Duration within, boolean undoable) {
    this(name, kind, admission, within, within, undoable);
  }

  enum Kind {
    ORDINARY,
    KEPT,
    PIVOT
  }
}
