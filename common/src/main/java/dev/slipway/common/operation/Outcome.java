package dev.slipway.common.operation;

/// How an operation ended.
public enum Outcome {
  /// Every step was done.
  SUCCEEDED,
  /// A step failed, and everything was undone.
  UNDONE,
  /// Somebody cancelled it, and everything was undone.
  CANCELLED,
  /// A destroy of the subject took over; what it had made is the destroy's to remove.
  SUPERSEDED,
  /// It was not allowed to begin.
  REFUSED,
  /// Given up after its point of no return; what it had made stays in the ledger as orphans.
  ABANDONED
}
