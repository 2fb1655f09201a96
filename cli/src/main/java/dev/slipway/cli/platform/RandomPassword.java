package dev.slipway.cli.platform;

/// Passwords nobody has to think up.
public final class RandomPassword {

  private static final int LENGTH = 24;

  private RandomPassword() {}

  /// Letters and digits only, so that it needs no quoting anywhere: 142 bits.
  public static String letters() {
    return Preparation.randomLetters(LENGTH);
  }
}
