package dev.slipway.account.domain;

import java.time.Duration;
import java.time.Instant;

/// How long things last.
public final class Lifetimes {

  public static final Duration INVITATION = Duration.ofHours(24);
  public static final Duration ACCESS_TOKEN = Duration.ofHours(24);
  public static final Duration INTERNAL_TOKEN = Duration.ofSeconds(60);
  public static final Duration REFRESH_TOKEN = Duration.ofDays(365);
  public static final Duration REFRESH_TOKEN_IDLE = Duration.ofDays(30);
  public static final Duration DEVICE_CODE = Duration.ofMinutes(15);
  public static final Duration DEVICE_POLL = Duration.ofSeconds(2);

  /// A signing key signs for this long.
  public static final Duration SIGNING_KEY = Duration.ofDays(30);

  /// Then its tokens run out, and an hour is left for clocks that disagree.
  public static final Duration SIGNING_KEY_PUBLISHED =
      SIGNING_KEY.plus(ACCESS_TOKEN).plus(Duration.ofHours(1));

  /// How far apart clocks may be.
  private static final Duration SKEW = Duration.ofHours(1);

  private Lifetimes() {}

  /// Whether a refresh token made and last used then is good now.
  public static boolean refreshTokenLives(Instant madeAt, Instant usedAt, Instant now) {
    return now.isBefore(madeAt.plus(REFRESH_TOKEN))
        && now.isBefore(usedAt.plus(REFRESH_TOKEN_IDLE));
  }

  /// Whether a key made then signs now. One from the future was made by a clock that was wrong; it
  /// would sign for longer than it should.
  public static boolean signingKeySigns(Instant madeAt, Instant now) {
    return !now.isBefore(madeAt.minus(SKEW)) && now.isBefore(madeAt.plus(SIGNING_KEY));
  }

  /// Whether tokens of a key made then may still be valid now.
  public static boolean signingKeyVerifies(Instant madeAt, Instant now) {
    return now.isBefore(madeAt.plus(SIGNING_KEY_PUBLISHED));
  }
}
