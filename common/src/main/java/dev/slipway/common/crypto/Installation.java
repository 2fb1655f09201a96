package dev.slipway.common.crypto;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Opens the installation's keys where the configuration says they are.
@Singleton
class Installation {

  @Produces
  @Singleton
  InstallationKeys keys(@ConfigProperty(name = "slipway.keys.directory") String directory) {
    return InstallationKeys.open(Path.of(directory));
  }
}
