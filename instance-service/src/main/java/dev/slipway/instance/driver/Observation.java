package dev.slipway.instance.driver;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What was seen of an instance, and when.
///
/// @param reason why it is not up, in words for its owner; absent when it is
public record Observation(State state, @Nullable String reason, Instant at) {

  /// What was seen.
  public enum State {
    /// It accepts connections, and the platform's last sign-in over TLS succeeded.
    UP,
    /// It is certain that it serves nobody: stopped, crashed, still recovering.
    DOWN,
    /// It could not be determined; nobody may conclude anything from it.
    UNKNOWN
  }

  public static Observation up(Instant at) {
    return new Observation(State.UP, null, at);
  }

  public static Observation down(String reason, Instant at) {
    return new Observation(State.DOWN, reason, at);
  }

  public static Observation unknown(String reason, Instant at) {
    return new Observation(State.UNKNOWN, reason, at);
  }

  public boolean isUp() {
    return state == State.UP;
  }
}
