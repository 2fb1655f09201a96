package dev.slipway.gateway.route;

/// What is to be expected of an answer. Each pace has connections of its own, so that those who
/// take theirs keep nobody waiting.
public enum Pace {
  /// It comes soon, or something is wrong.
  PROMPT,
  /// It may take its time.
  WAITING,
  /// It begins soon, and goes on until its reader leaves.
  STREAMING
}
