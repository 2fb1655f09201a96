package dev.slipway.instance.driver;

import dev.slipway.common.crypto.CertificateAuthority;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.crypto.IssuedCertificate;
import dev.slipway.instance.driver.process.ProcessDriverSettings;
import dev.slipway.instance.driver.process.ProcessInstanceDriver;
import dev.slipway.instance.driver.process.ServerCertificates;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/// Opens the driver that the configuration names.
@Singleton
class DriverChoice {

  private static final Logger LOG = Logger.getLogger(DriverChoice.class);
  private static final Duration CERTIFICATE_VALIDITY = Duration.ofDays(730);

  @Produces
  @Singleton
  InstanceDriver driver(
      @ConfigProperty(name = "slipway.driver") String name,
      @ConfigProperty(name = "slipway.instances.directory") Path directory,
      @ConfigProperty(name = "slipway.postgres.directory") Path postgres,
      @ConfigProperty(name = "slipway.ca.directory") Path authority,
      @ConfigProperty(name = "slipway.installation", defaultValue = "local") String installation,
      @ConfigProperty(name = "slipway.instances.first-port") int firstPort,
      @ConfigProperty(name = "slipway.instances.last-port") int lastPort,
      @ConfigProperty(name = "slipway.instances.spares") int spares,
      InstallationKeys keys)
      throws IOException, InterruptedException {
    if (!name.equals("process")) {
      throw new IllegalStateException(
          "slipway.driver is '%s'; this version has the driver 'process'".formatted(name));
    }
    awaitPostgres(postgres);
    return ProcessInstanceDriver.open(
        ProcessDriverSettings.of(directory, postgres, installation, firstPort, lastPort)
            .withSpares(spares),
        new AuthorityCertificates(CertificateAuthority.open(authority), authority),
        subject -> keys.derive("superuser of an instance", subject),
        InstantSource.system());
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

  private record AuthorityCertificates(CertificateAuthority signer, Path folder)
      implements ServerCertificates {

    @Override
    public Issued issue() {
      IssuedCertificate issued =
          signer.issueServer(
              "localhost", List.of("localhost"), List.of("127.0.0.1", "::1"), CERTIFICATE_VALIDITY);
      return new Issued(issued.certificatePem(), issued.privateKeyPem());
    }

    @Override
    public Path authority() {
      return folder.resolve(CertificateAuthority.CERTIFICATE);
    }
  }
}
