package dev.slipway.instance.driver;

import dev.slipway.common.crypto.CertificateAuthority;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.crypto.IssuedCertificate;
import dev.slipway.common.driver.HostPorts;
import dev.slipway.common.operation.Epochs;
import dev.slipway.docker.Reach;
import dev.slipway.instance.driver.docker.DockerDriverSettings;
import dev.slipway.instance.driver.docker.DockerInstanceDriver;
import dev.slipway.instance.driver.process.ProcessDriverSettings;
import dev.slipway.instance.driver.process.ProcessInstanceDriver;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/// Opens the driver that the configuration names.
@Singleton
class DriverChoice {

  private static final Logger LOG = Logger.getLogger(DriverChoice.class);
  private static final long MEGABYTE = 1L << 20;
  private static final Duration CERTIFICATE_VALIDITY = Duration.ofDays(730);

  @Produces
  @Singleton
  InstanceDriver driver(
      @ConfigProperty(name = "slipway.driver") String name,
      @ConfigProperty(name = "slipway.installation", defaultValue = "local") String installation,
      @ConfigProperty(name = "slipway.ca.directory") Path authority,
      @ConfigProperty(name = "slipway.instances.first-port") int firstPort,
      @ConfigProperty(name = "slipway.instances.last-port") int lastPort,
      @ConfigProperty(name = "slipway.public.host") String publicHost,
      ProcessSettings process,
      DockerSettings docker,
      InstallationKeys keys,
      Epochs epochs)
      throws IOException, InterruptedException {
    var certificates =
        new AuthorityCertificates(CertificateAuthority.open(authority), authority, publicHost);
    SuperuserPasswords passwords = subject -> keys.derive("superuser of an instance", subject);
    return switch (name) {
      case "process" -> {
        awaitPostgres(process.postgres);
        yield ProcessInstanceDriver.open(
            ProcessDriverSettings.of(
                    process.directory, process.postgres, installation, firstPort, lastPort)
                .withSpares(process.spares),
            certificates,
            passwords,
            InstantSource.system());
      }
      case "docker" ->
          DockerInstanceDriver.open(
              DockerDriverSettings.of(
                  docker.host.orElse(""),
                  docker.image,
                  installation,
                  docker.publishAddress,
                  new HostPorts(publicHost, firstPort, lastPort),
                  docker.megabytes * MEGABYTE,
                  docker.cpus,
                  Reach.of(docker.reach)),
              certificates,
              passwords,
              epochs,
              InstantSource.system());
      default ->
          throw new IllegalStateException(
              "slipway.driver is '%s'; this version has the drivers 'process' and 'docker'"
                  .formatted(name));
    };
  }

  /// What the driver of processes is told.
  @Singleton
  static final class ProcessSettings {

    @ConfigProperty(name = "slipway.instances.directory")
    Path directory;

    @ConfigProperty(name = "slipway.postgres.directory")
    Path postgres;

    @ConfigProperty(name = "slipway.instances.spares")
    int spares;
  }

  /// What the driver of containers is told.
  @Singleton
  static final class DockerSettings {

    @ConfigProperty(name = "slipway.docker.host")
    Optional<String> host;

    @ConfigProperty(name = "slipway.docker.image")
    String image;

    @ConfigProperty(name = "slipway.docker.publish-address")
    String publishAddress;

    @ConfigProperty(name = "slipway.docker.memory")
    long megabytes;

    @ConfigProperty(name = "slipway.docker.cpus")
    double cpus;

    @ConfigProperty(name = "slipway.docker.reach")
    String reach;
  }

  /// The launcher unpacks Postgres while this service starts.
  private static void awaitPostgres(Path postgres) throws InterruptedException {
    Path server = postgres.resolve("bin").resolve("postgres");
    for (int waited = 0; !Files.isExecutable(server); waited++) {
      if (waited % 100 == 0) {
        LOG.infof("Waiting for Postgres to be unpacked to %s", postgres);
      }
      Thread.sleep(Duration.ofMillis(50));
    }
  }

  /// @param host under which clients elsewhere reach instances
  private record AuthorityCertificates(CertificateAuthority signer, Path folder, String host)
      implements ServerCertificates {

    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    @Override
    public Issued issue(List<String> further) {
      var names = new LinkedHashSet<>(List.of("localhost"));
      var addresses = new LinkedHashSet<>(List.of("127.0.0.1", "::1"));
      (ADDRESS.matcher(host).matches() ? addresses : names).add(host);
      names.addAll(further);
      IssuedCertificate issued =
          signer.issueServer(
              "localhost", List.copyOf(names), List.copyOf(addresses), CERTIFICATE_VALIDITY);
      return new Issued(issued.certificatePem(), issued.privateKeyPem());
    }

    @Override
    public Path authority() {
      return folder.resolve(CertificateAuthority.CERTIFICATE);
    }
  }
}
