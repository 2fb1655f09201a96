package dev.slipway.common.operation;

/// What can happen to an operation.
sealed interface Signal {

  /// A step came to something.
  record Stepped(StepOutcome<?> outcome) implements Signal {}

  /// The undo of a step came to something.
  record Unwound(UndoOutcome outcome) implements Signal {}

  /// A step or an undo was cut off by a failure.
  ///
  /// @param permanent whether trying again is pointless
  record Threw(Cause cause, boolean permanent) implements Signal {}

  /// This version of the service does not know how to go on.
  record Unrunnable(Cause cause) implements Signal {}

  /// It is time to ask a child again, or to tell it to stop; there is nothing to run.
  record ChildSilent() implements Signal {}

  /// A child has ended.
  record ChildEnded(ChildEnd end) implements Signal {}

  /// Somebody asks to cancel.
  record CancelRequested() implements Signal {}

  /// Somebody asks to try again after it got stuck.
  record RetryRequested() implements Signal {}

  /// Somebody gives it up after its point of no return.
  record AbandonRequested() implements Signal {}

  /// A destroy takes over.
  record Superseded(String by) implements Signal {}
}
