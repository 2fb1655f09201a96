package dev.slipway.deploy.configuration;

import java.util.Optional;

/// The names of an application's databases, which are also that of its role.
public final class DatabaseNames {

  private DatabaseNames() {}

  /// In lower case, `-` and spaces as `_`, an `_` before a leading digit.
  public static String derived(String application) {
    throw new UnsupportedOperationException();
  }

  /// What is wrong with a name, in public words; empty when it may be used.
  public static Optional<String> problem(String database) {
    throw new UnsupportedOperationException();
  }
}
