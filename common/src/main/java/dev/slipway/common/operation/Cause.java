package dev.slipway.common.operation;

/// Why an operation did not do what was asked.
///
/// @param code    a stable, documented word in lower case with dashes
/// @param message a sentence for its owner, without a full stop and without secrets
public record Cause(String code, String message) {

  static final Cause CANCELLED = new Cause("cancelled", "It was cancelled");

  /// The code of a step that was told to stop where it was.
  static final String INTERRUPTED = "interrupted";

  /// The code of an operation whose step a version before or after this one has begun.
  static final String UNKNOWN_STEP = "unknown-step";

  /// Whether only another version knows how to do and undo the step.
  boolean needsAnotherVersion() {
    return code.equals(UNKNOWN_STEP);
  }

  static Cause of(DriverFailure failure) {
    return new Cause(failure.code(), String.valueOf(failure.getMessage()));
  }
}
