package dev.slipway.deploy.configuration;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.Manifest;

/// Reads what a version says about itself. To be called once before it is installed, and again
/// afterwards, when the SDK that was really installed can be seen.
///
/// Pure but for the files it is given.
public final class ManifestReader {

  /// The configuration's name; the official command uploads it under this name whatever the file
  /// was called.
  public static final String CONFIGURATION = "dbos-config.yaml";

  private ManifestReader() {}

  /// @param application the application's name; the one in the file does not count
  /// @throws DriverFailure.Permanent `bad-configuration` with a public message that says what is
  ///     wrong and what to do
  public static Manifest read(VersionFiles files, String application) throws DriverFailure {
    throw new UnsupportedOperationException();
  }

  /// The database's name that the configuration asks for, or the one derived from the application's
  /// name.
  ///
  /// @throws DriverFailure.Permanent `bad-configuration`
  public static String database(VersionFiles files, String application) throws DriverFailure {
    throw new UnsupportedOperationException();
  }
}
