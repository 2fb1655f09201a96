package dev.slipway.deploy.configuration;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.Manifest;
import java.util.Optional;

/// What the platform writes into `dbos-config.yaml`, by the version of the SDK that will read it:
/// old ones refuse keys they do not know, and need others. No password is among it: the file refers
/// to a variable, which every SDK that reads passwords from the file replaces.
public final class ConfigurationFile {

  private ConfigurationFile() {}

  /// The file to put in place of the one that was uploaded. Rewriting its own result changes
  /// nothing.
  ///
  /// @param original empty when there was none
  /// @param manifest with the SDK that is installed
  /// @return empty when the version needs no such file and has none
  /// @throws DriverFailure.Permanent `bad-configuration`
  public static Optional<String> rewrite(
      Optional<String> original, Manifest manifest, String application, DatabaseLocation location)
      throws DriverFailure {
    throw new UnsupportedOperationException();
  }
}
