package dev.slipway.common.operation;

/// What came of asking for an operation.
public sealed interface Begun {

  /// It has begun, or stands in the queue.
  record New(String operation) implements Begun {}

  /// It is the one that was begun earlier by the same request, or a destroy that already runs.
  record Same(String operation) implements Begun {}

  /// Another operation has the subject.
  record Busy(OperationView active) implements Begun {}

  /// The key was used before, with another body.
  record KeyReused() implements Begun {}
}
