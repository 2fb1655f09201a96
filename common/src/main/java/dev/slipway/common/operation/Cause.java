package dev.slipway.common.operation;

/// Why an operation did not do what was asked.
///
/// @param code    a stable, documented word in lower case with dashes
/// @param message a sentence for its owner, without a full stop and without secrets
public record Cause(String code, String message) {

  static final Cause CANCELLED = new Cause("cancelled", "It was cancelled");

  static Cause of(DriverFailure failure) {
    return new Cause(failure.code(), String.valueOf(failure.getMessage()));
  }
}
