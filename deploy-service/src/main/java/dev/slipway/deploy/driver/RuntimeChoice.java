package dev.slipway.deploy.driver;

import dev.slipway.common.crypto.CertificateAuthority;
import dev.slipway.common.driver.HostPorts;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Epochs;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.driver.docker.DockerApplicationRuntime;
import dev.slipway.deploy.driver.docker.DockerRuntimeSettings;
import dev.slipway.deploy.driver.process.ProcessApplicationRuntime;
import dev.slipway.deploy.driver.process.ProcessRuntimeSettings;
import dev.slipway.docker.Reach;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/// Opens the runtime that the configuration names.
@Singleton
class RuntimeChoice {

  /// People reach executors through the gateway, and no other way.
  private static final String LOOPBACK = "127.0.0.1";

  private static final Logger LOG = Logger.getLogger(RuntimeChoice.class);

  @Produces
  @Singleton
  ApplicationRuntime runtime(
      @ConfigProperty(name = "slipway.runtime") String name,
      @ConfigProperty(name = "slipway.applications.directory") Path directory,
      @ConfigProperty(name = "slipway.ca.directory") Path authority,
      @ConfigProperty(name = "slipway.applications.machine-authorities")
          Optional<Path> machineAuthorities,
      @ConfigProperty(name = "slipway.installation", defaultValue = "local") String installation,
      @ConfigProperty(name = "slipway.applications.first-port") int firstPort,
      @ConfigProperty(name = "slipway.applications.last-port") int lastPort,
      @ConfigProperty(name = "slipway.applications.trusted") boolean trusted,
      DockerSettings docker,
      Applications applications,
      Epochs epochs)
      throws IOException, InterruptedException {
    Path certificate = authority.toAbsolutePath().resolve(CertificateAuthority.CERTIFICATE);
    ApplicationRuntime runtime =
        switch (name) {
          case "process" ->
              ProcessApplicationRuntime.open(
                  new ProcessRuntimeSettings(
                      directory,
                      installation,
                      certificate,
                      machineAuthorities.orElse(null),
                      firstPort,
                      lastPort,
                      trusted),
                  InstantSource.system());
          case "docker" ->
              DockerApplicationRuntime.open(
                  new DockerRuntimeSettings(
                      docker.host.orElse(""),
                      installation,
                      Reach.of(docker.reach),
                      HostPorts.forPairs(LOOPBACK, firstPort, lastPort),
                      docker.nodeImage,
                      docker.pythonImage,
                      directory,
                      certificate,
                      machineAuthorities.orElse(null),
                      docker.cpus),
                  application -> organization(applications, application),
                  epochs,
                  InstantSource.system());
          default ->
              throw new IllegalStateException(
                  "slipway.runtime is '%s'; this version has the runtimes 'process' and 'docker'"
                      .formatted(name));
        };
    LOG.infof("Isolation of applications: %s", runtime.isolation());
    return runtime;
  }

  void close(@Disposes ApplicationRuntime runtime) throws Exception {
    if (runtime instanceof AutoCloseable open) {
      open.close();
    }
  }

  private static String organization(Applications applications, String application)
      throws DriverFailure {
    return applications
        .byId(application)
        .map(Application::organization)
        .orElseThrow(
            () ->
                new DriverFailure.Permanent(
                    "application-gone", "there is no application " + application));
  }

  /// What the runtime of containers is told.
  @Singleton
  static final class DockerSettings {

    @ConfigProperty(name = "slipway.docker.host")
    Optional<String> host;

    @ConfigProperty(name = "slipway.docker.reach")
    String reach;

    @ConfigProperty(name = "slipway.docker.node-image")
    String nodeImage;

    @ConfigProperty(name = "slipway.docker.python-image")
    String pythonImage;

    @ConfigProperty(name = "slipway.docker.application-cpus")
    double cpus;
  }
}
