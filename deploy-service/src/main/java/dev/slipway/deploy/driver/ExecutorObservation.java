package dev.slipway.deploy.driver;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What was seen of an executor, and when.
///
/// @param reason   why it is not healthy, in words for its owner; absent when it is
/// @param process  what its process of now is called in `DBOS__VMID`: where it has an admin port
///     another one after each start, otherwise always the same; absent when none runs or that is
///     not known
/// @param restarts how often it was started again since it was asked for
public record ExecutorObservation(
    State state, @Nullable String reason, @Nullable String process, int restarts, Instant at) {

  /// What was seen.
  public enum State {
    /// It runs and answers.
    HEALTHY,
    /// It runs and does not answer yet, or no more.
    SILENT,
    /// It ended and will be started again after a while.
    RESTARTING,
    /// Nothing of it runs and nothing will start it.
    GONE
  }

  public boolean healthy() {
    return state == State.HEALTHY;
  }
}
