package dev.slipway.common.operation;

/// Where an operation stands.
public enum Phase {
  /// Asked for by another service and waiting for its turn on the subject.
  QUEUED,
  /// Working through its steps, or waiting between them.
  RUNNING,
  /// Undoing the steps it entered, newest first.
  UNWINDING,
  /// Out of time or unable to go on; it holds its subject until somebody retries, cancels or
  /// destroys.
  STUCK,
  /// Over, with an [Outcome].
  ENDED;

  /// Whether nothing moves any more by itself.
  public boolean rests() {
    return this == STUCK || this == ENDED;
  }
}
