package dev.slipway.instance.driver;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Derives the platform's passwords from a key for tests.
public final class TestPasswords {

  private static final String KEY = "a key for one test";

  private TestPasswords() {}

  public static char[] derive(String name) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(KEY.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return HexFormat.of()
          .formatHex(mac.doFinal(name.getBytes(StandardCharsets.UTF_8)))
          .toCharArray();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
