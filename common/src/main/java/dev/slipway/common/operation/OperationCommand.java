package dev.slipway.common.operation;

import dev.slipway.common.outbox.Event;
import dev.slipway.common.outbox.EventType;
import java.util.List;

/// What one service asks of another, on the asked service's command topic, keyed by the subject.
///
/// Receiving a command again has no further effect than that the answer is sent again.
public sealed interface OperationCommand extends Event {

  String operation();

  /// Begin the operation of this identifier; the reply is its ended event.
  ///
  /// @param input as the kind's input record, as JSON
  @EventType("slipway.operation.begin.v1")
  record Begin(
      String operation,
      String kind,
      String subject,
      String organization,
      String requestedBy,
      List<String> ancestry,
      String input)
      implements OperationCommand {}

  /// Cancel the operation of this identifier; one never seen is refused when it comes later.
  @EventType("slipway.operation.cancel.v1")
  record Cancel(
      String operation,
      String kind,
      String subject,
      String organization,
      String requestedBy,
      List<String> ancestry)
      implements OperationCommand {}
}
