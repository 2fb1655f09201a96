package dev.slipway.account.domain;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What a device that waits for its user hears (RFC 8628).
public final class DeviceGrant {

  /// Networks bunch requests; a poll this much too early is none of the device's fault.
  private static final Duration TOLERANCE = Duration.ofMillis(500);

  /// How far the user has come.
  public enum State {
    PENDING,
    APPROVED,
    DENIED,
    USED
  }

  /// The answer to a poll.
  public enum Answer {
    TOKENS,
    AUTHORIZATION_PENDING,
    SLOW_DOWN,
    ACCESS_DENIED,
    EXPIRED_TOKEN,
    INVALID_GRANT
  }

  private DeviceGrant() {}

  /// @param polledAt when the device asked last
  public static Answer poll(
      State state, Instant expiresAt, @Nullable Instant polledAt, Instant now) {
    if (state == State.USED) {
      return Answer.INVALID_GRANT;
    }
    if (!now.isBefore(expiresAt)) {
      return Answer.EXPIRED_TOKEN;
    }
    return switch (state) {
      case APPROVED -> Answer.TOKENS;
      case DENIED -> Answer.ACCESS_DENIED;
      case USED -> Answer.INVALID_GRANT;
      case PENDING ->
          polledAt != null && now.isBefore(polledAt.plus(Lifetimes.DEVICE_POLL).minus(TOLERANCE))
              ? Answer.SLOW_DOWN
              : Answer.AUTHORIZATION_PENDING;
    };
  }
}
