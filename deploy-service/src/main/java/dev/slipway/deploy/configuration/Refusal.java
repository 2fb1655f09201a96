package dev.slipway.deploy.configuration;

import dev.slipway.common.operation.DriverFailure;

/// What a version says about itself cannot be followed.
final class Refusal {

  private static final int LONGEST = 80;

  private Refusal() {}

  static DriverFailure.Permanent because(String message) {
    return new DriverFailure.Permanent("bad-configuration", message);
  }

  /// Somebody else's text, fit to be shown: one line of plain ASCII, not too long.
  static String quoted(Object value) {
    String text = String.valueOf(value);
    String shown = text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text;
    return '"' + shown.replaceAll("[^ -~]|[\"\\\\]", "?") + '"';
  }
}
