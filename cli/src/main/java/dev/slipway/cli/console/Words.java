package dev.slipway.cli.console;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.OptionalLong;

/// Times and sizes as people read them.
public final class Words {

  private Words() {}

  /// `7 ms`, `1.2 s`, `3 min 5 s`.
  public static String duration(Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1_000) {
      return millis + " ms";
    }
    if (millis < 60_000) {
      return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
    }
    return "%d min %d s".formatted(duration.toMinutes(), duration.toSecondsPart());
  }

  /// How long ago, roughly.
  public static String ago(Instant when, Instant now) {
    Duration past = Duration.between(when, now);
    if (past.toSeconds() < 1) {
      return "just now";
    }
    if (past.toMinutes() < 1) {
      return past.toSeconds() + " s ago";
    }
    if (past.toHours() < 1) {
      return past.toMinutes() + " min ago";
    }
    return past.toDays() < 1 ? past.toHours() + " h ago" : past.toDays() + " days ago";
  }

  /// `1 instance`, `2 instances`.
  public static String count(long number, String one) {
    return "%d %s%s".formatted(number, one, number == 1 ? "" : "s");
  }

  public static String megabytes(OptionalLong bytes) {
    return bytes.isPresent()
        ? String.format(Locale.ROOT, "%.0f MB", bytes.getAsLong() / 1048576.0)
        : "-";
  }

  /// Somebody else's text, in which nothing acts on a terminal: no control characters but line
  /// breaks and tabs, those from 0x80 on included, and none that turn or hide what follows.
  public static String harmless(String text) {
    return text.replaceAll("[\\p{Cc}\\p{Cf}&&[^\\n\\t]]", "");
  }

  /// The same on one line.
  public static String plain(String text) {
    return text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+", " ");
  }

  /// At most so many characters, with a mark where more follow.
  public static String shortened(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most - 1) + '…';
  }
}
