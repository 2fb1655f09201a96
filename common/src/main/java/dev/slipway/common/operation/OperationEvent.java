package dev.slipway.common.operation;

import dev.slipway.common.outbox.Event;
import dev.slipway.common.outbox.EventType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What every operation tells of itself, on its service's event topic, keyed by its subject.
///
/// What can be null is missing in events of earlier versions. That a step begins follows from the
/// end of the one before, and what a step waits for is a state and no event: neither is told, since
/// a row in the outbox costs every operation time.
public sealed interface OperationEvent extends Event {

  String operation();

  /// It was accepted and has entered its first step, or waits for its turn.
  ///
  /// @param ancestry    the operations that wait for this one, the oldest first
  /// @param subjectName what people call the subject
  @EventType("slipway.operation.begun.v1")
  record Begun(
      String operation,
      String kind,
      String subject,
      String requestedBy,
      List<String> ancestry,
      @Nullable String subjectName)
      implements OperationEvent {}

  /// A step was done, undone or given up.
  ///
  /// @param direction `do` or `undo`
  /// @param result    `done` or `failed`
  /// @param millis    since the step was entered
  /// @param message   why it failed, or how it is known to be undone
  @EventType("slipway.operation.step-ended.v1")
  record StepEnded(
      String operation,
      String kind,
      String step,
      String direction,
      String result,
      long millis,
      @Nullable String message,
      @Nullable List<String> ancestry,
      @Nullable String subjectName)
      implements OperationEvent {}

  /// It cannot go on by itself.
  @EventType("slipway.operation.stuck.v1")
  record Stuck(
      String operation,
      String kind,
      String step,
      Cause cause,
      @Nullable List<String> ancestry,
      @Nullable String subjectName)
      implements OperationEvent {}

  /// It is over. This is also the reply to whoever asked for it.
  ///
  /// @param supersededBy the operation that took over; not repeated when the reply is
  @EventType("slipway.operation.ended.v1")
  record Ended(
      String operation,
      String kind,
      String subject,
      List<String> ancestry,
      Outcome outcome,
      @Nullable Cause cause,
      @Nullable String subjectName,
      @Nullable String supersededBy)
      implements OperationEvent {

    public Ended(
        String operation,
        String kind,
        String subject,
        List<String> ancestry,
        Outcome outcome,
        @Nullable Cause cause) {
      this(operation, kind, subject, ancestry, outcome, cause, null, null);
    }
  }
}
