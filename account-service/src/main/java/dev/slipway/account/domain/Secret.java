package dev.slipway.account.domain;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Locale;

/// Random strings that prove something, and the hash that is kept in their place.
public final class Secret {

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String ALPHABET =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

  /// Consonants without look-alikes, so that no word appears and none is misread.
  private static final String USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ";

  private Secret() {}

  /// Begins with letters: the official client reads an answer of digits alone as a number.
  ///
  /// @param derived from the installation's key and the invitation's identifier
  public static String invitation(char[] derived) {
    return "inv_" + new String(derived);
  }

  /// Ties a form to the browser it was shown in.
  public static String formToken() {
    return "form_" + random(ALPHABET, 32);
  }

  public static String refreshToken() {
    return "rt_" + random(ALPHABET, 43);
  }

  public static String deviceCode() {
    return "dc_" + random(ALPHABET, 43);
  }

  /// What a person compares or types: `BCDF-GHJK`.
  public static String userCode() {
    return random(USER_CODE_ALPHABET, 4) + '-' + random(USER_CODE_ALPHABET, 4);
  }

  /// What a person may have typed for a user code, in the form it is stored in.
  public static String normalizedUserCode(String typed) {
    String letters = typed.toUpperCase(Locale.ROOT).replaceAll("[^A-Z]", "");
    return letters.length() == 8 ? letters.substring(0, 4) + '-' + letters.substring(4) : letters;
  }

  /// SHA-256.
  public static byte[] hash(String secret) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }

  private static String random(String alphabet, int length) {
    var characters = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      characters.append(alphabet.charAt(RANDOM.nextInt(alphabet.length())));
    }
    return characters.toString();
  }
}
