package dev.slipway.deploy.configuration;

import dev.slipway.deploy.domain.Manifest;
import java.util.List;

/// The shell commands of each stage of a deploy, run in the version's folder one after the other;
/// none where a stage has nothing to do.
public final class Commands {

  private Commands() {}

  public static List<String> setup(Manifest manifest) {
    throw new UnsupportedOperationException();
  }

  public static List<String> install(Manifest manifest) {
    throw new UnsupportedOperationException();
  }

  public static List<String> build(Manifest manifest) {
    throw new UnsupportedOperationException();
  }

  public static List<String> migrate(Manifest manifest) {
    throw new UnsupportedOperationException();
  }

  public static List<String> rollback(Manifest manifest) {
    throw new UnsupportedOperationException();
  }

  /// Removes what is needed to build and migrate only.
  public static List<String> prune(Manifest manifest) {
    throw new UnsupportedOperationException();
  }

  public static List<String> start(Manifest manifest) {
    throw new UnsupportedOperationException();
  }
}
