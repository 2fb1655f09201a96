package dev.slipway.common.operation;

import dev.slipway.common.outbox.Event;
import dev.slipway.common.outbox.EventType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What every operation tells of itself, on its service's event topic, keyed by its subject.
public sealed interface OperationEvent extends Event {

  String operation();

  /// It was accepted and has entered its first step.
  @EventType("slipway.operation.begun.v1")
  record Begun(
      String operation, String kind, String subject, String requestedBy, List<String> ancestry)
      implements OperationEvent {}

  /// A step was done, undone or given up.
  ///
  /// @param direction `do` or `undo`
  /// @param result    `done` or `failed`
  /// @param millis    since the step was entered
  @EventType("slipway.operation.step-ended.v1")
  record StepEnded(
      String operation, String kind, String step, String direction, String result, long millis)
      implements OperationEvent {}

  /// It cannot go on by itself.
  @EventType("slipway.operation.stuck.v1")
  record Stuck(String operation, String kind, String step, Cause cause) implements OperationEvent {}

  /// It is over. This is also the reply to whoever asked for it.
  @EventType("slipway.operation.ended.v1")
  record Ended(
      String operation,
      String kind,
      String subject,
      List<String> ancestry,
      Outcome outcome,
      @Nullable Cause cause)
      implements OperationEvent {}
}
