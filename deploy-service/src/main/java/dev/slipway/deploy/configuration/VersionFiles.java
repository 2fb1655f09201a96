package dev.slipway.deploy.configuration;

import dev.slipway.common.operation.DriverFailure;
import java.util.Optional;

/// The text files of one version, as its runtime reads them.
@FunctionalInterface
public interface VersionFiles {

  /// @param path below the version's folder, with forward slashes
  Optional<String> read(String path) throws DriverFailure;
}
