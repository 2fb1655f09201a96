package dev.slipway.localstack;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/// What Postgres keeps instead of a password. Sent in its place, it leaves nothing readable in a
/// statement or a log.
///
/// Every password here is made by the platform and too long to be guessed: the rounds that make
/// guessing slow would only make signing in slow.
final class ScramVerifier {

  private static final int ITERATIONS = 1;

  private ScramVerifier() {}

  static String of(String password) {
    byte[] salt = new byte[16];
    new SecureRandom().nextBytes(salt);
    try {
      char[] prepared = Normalizer.normalize(password, Normalizer.Form.NFKC).toCharArray();
      PBEKeySpec specification = new PBEKeySpec(prepared, salt, ITERATIONS, 256);
      byte[] salted =
          SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
              .generateSecret(specification)
              .getEncoded();
      specification.clearPassword();
      Arrays.fill(prepared, '\0');
      byte[] stored = MessageDigest.getInstance("SHA-256").digest(sign(salted, "Client Key"));
      Base64.Encoder base64 = Base64.getEncoder();
      return "SCRAM-SHA-256$"
          + ITERATIONS
          + ":"
          + base64.encodeToString(salt)
          + "$"
          + base64.encodeToString(stored)
          + ":"
          + base64.encodeToString(sign(salted, "Server Key"));
    } catch (GeneralSecurityException absent) {
      throw new IllegalStateException("Every Java platform has SHA-256", absent);
    }
  }

  private static byte[] sign(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }
}
