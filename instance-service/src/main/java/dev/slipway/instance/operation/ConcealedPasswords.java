package dev.slipway.instance.operation;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.instance.driver.linked.JdbcLinkedServer;
import java.util.Arrays;

/// The two forms in which an operation's input may hold a password. Whoever takes a request in
/// turns it into one of them before anything else.
public final class ConcealedPasswords {

  private ConcealedPasswords() {}

  /// What Postgres checks a password with; the password cannot be told from it.
  public static String verifier(String password) {
    char[] characters = password.toCharArray();
    try {
      return ScramVerifier.of(characters).value();
    } finally {
      Arrays.fill(characters, '\0');
    }
  }

  /// The password of a linked instance, which the platform signs in with, encrypted.
  public static String sealed(InstallationKeys keys, String instance, String password) {
    return JdbcLinkedServer.seal(keys, instance, password);
  }
}
