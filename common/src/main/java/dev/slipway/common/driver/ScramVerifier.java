package dev.slipway.common.driver;

import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/// What Postgres keeps of a password (SCRAM-SHA-256, RFC 5803): enough to check one, not enough to
/// sign in with.
///
/// Passwords become verifiers the moment they arrive and are not kept. A verifier still allows
/// guessing, so it is treated as a secret: its text is only given by [#value], never by
/// [#toString].
public record ScramVerifier(String value) {

  /// As many as RFC 7677 asks for, which make guessing slow, and signing in.
  private static final int ITERATIONS = 4096;
  private static final int ITERATIONS_WHERE_NOBODY_GUESSES = 1;
  private static final int SALT_BYTES = 16;
  private static final Pattern FORM =
      Pattern.compile(
          "SCRAM-SHA-256\\$[1-9][0-9]{0,8}:[A-Za-z0-9+/]{8,344}={0,2}"
              + "\\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=");
  private static final SecureRandom RANDOM = new SecureRandom();

  public ScramVerifier {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException("not a SCRAM-SHA-256 verifier");
    }
  }

  /// The verifier of a password, with a salt of its own. The caller clears the array.
  public static ScramVerifier of(char[] password) {
    return of(password, salt(), ITERATIONS);
  }

  /// The verifier of a key of the platform's, used as a password, which is too long to be guessed:
  /// the rounds that make guessing slow would only make signing in slow. The caller clears the
  /// array.
  public static ScramVerifier ofKey(char[] key) {
    return of(key, salt(), ITERATIONS_WHERE_NOBODY_GUESSES);
  }

  private static byte[] salt() {
    byte[] salt = new byte[SALT_BYTES];
    RANDOM.nextBytes(salt);
    return salt;
  }

  /// Reads back what [#value] gave.
  ///
  /// @throws IllegalArgumentException when it is none; the message does not repeat it
  public static ScramVerifier parse(String text) {
    return new ScramVerifier(text);
  }

  /// Whether this is the verifier of the given password.
  public boolean matches(char[] password) {
    int colon = value.indexOf(':');
    int dollar = value.indexOf('$', colon);
    int iterations = Integer.parseInt(value.substring(value.indexOf('$') + 1, colon));
    byte[] salt = Base64.getDecoder().decode(value.substring(colon + 1, dollar));
    return MessageDigest.isEqual(
        value.getBytes(StandardCharsets.US_ASCII),
        of(password, salt, iterations).value.getBytes(StandardCharsets.US_ASCII));
  }

  static ScramVerifier of(char[] password, byte[] salt, int iterations) {
    // NFKC is the part of SASLprep that changes what people type; for ASCII it changes nothing.
    char[] prepared =
        Normalizer.normalize(CharBuffer.wrap(password), Normalizer.Form.NFKC).toCharArray();
    var specification = new PBEKeySpec(prepared, salt, iterations, 256);
    try {
      byte[] salted =
          SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
              .generateSecret(specification)
              .getEncoded();
      byte[] stored =
          MessageDigest.getInstance("SHA-256").digest(authenticate(salted, "Client Key"));
      byte[] server = authenticate(salted, "Server Key");
      Base64.Encoder encoder = Base64.getEncoder();
      return new ScramVerifier(
          "SCRAM-SHA-256$%d:%s$%s:%s"
              .formatted(
                  iterations,
                  encoder.encodeToString(salt),
                  encoder.encodeToString(stored),
                  encoder.encodeToString(server)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java runtime has HMAC-SHA-256 and PBKDF2", e);
    } finally {
      specification.clearPassword();
      Arrays.fill(prepared, '\0');
    }
  }

  private static byte[] authenticate(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public String toString() {
    return "ScramVerifier[hidden]";
  }
}
