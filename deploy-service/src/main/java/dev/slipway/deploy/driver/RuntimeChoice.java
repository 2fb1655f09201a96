package dev.slipway.deploy.driver;

import dev.slipway.common.crypto.CertificateAuthority;
import dev.slipway.deploy.driver.process.ProcessApplicationRuntime;
import dev.slipway.deploy.driver.process.ProcessRuntimeSettings;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/// Opens the runtime that the configuration names.
@Singleton
class RuntimeChoice {

  private static final Logger LOG = Logger.getLogger(RuntimeChoice.class);

  @Produces
  @Singleton
  ApplicationRuntime runtime(
      @ConfigProperty(name = "slipway.runtime") String name,
      @ConfigProperty(name = "slipway.applications.directory") Path directory,
      @ConfigProperty(name = "slipway.ca.directory") Path authority,
      @ConfigProperty(name = "slipway.installation", defaultValue = "local") String installation,
      @ConfigProperty(name = "slipway.applications.first-port") int firstPort,
      @ConfigProperty(name = "slipway.applications.last-port") int lastPort,
      @ConfigProperty(name = "slipway.applications.trusted") boolean trusted)
      throws IOException, InterruptedException {
    if (!name.equals("process")) {
      throw new IllegalStateException(
          "slipway.runtime is '%s'; this version has the runtime 'process'".formatted(name));
    }
    ApplicationRuntime runtime =
        ProcessApplicationRuntime.open(
            new ProcessRuntimeSettings(
                directory,
                installation,
                authority.toAbsolutePath().resolve(CertificateAuthority.CERTIFICATE),
                firstPort,
                lastPort,
                trusted),
            InstantSource.system());
    LOG.infof("Isolation of applications: %s", runtime.isolation());
    return runtime;
  }
}
