package dev.slipway.deploy.configuration;

import java.util.Optional;

/// Which names a secret may have.
public final class SecretNames {

  private SecretNames() {}

  /// What is wrong with a name, in public words; empty when it may be used.
  public static Optional<String> problem(String name) {
    throw new UnsupportedOperationException();
  }
}
