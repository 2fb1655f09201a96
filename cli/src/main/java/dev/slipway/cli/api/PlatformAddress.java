package dev.slipway.cli.api;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.PlatformHome;
import dev.slipway.cli.platform.PlatformSettings;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/// Which platform is meant, and whom to trust to be it.
///
/// `DBOS_DOMAIN` names it, as for the official command; otherwise it is the one of this home. The
/// platform of this home proves itself with its own certificate authority and nothing else does;
/// one elsewhere may use any that the JDK trusts, or the one in `NODE_EXTRA_CA_CERTS`.
///
/// @param domain host and port
/// @param local  whether it is the one of this home
public record PlatformAddress(String domain, boolean local, List<Path> authorities) {

  public PlatformAddress {
    authorities = List.copyOf(authorities);
  }

  public static PlatformAddress of(Surroundings surroundings) {
    PlatformHome home = PlatformHome.of(surroundings);
    int port =
        PlatformSettings.read(home)
            .map(PlatformSettings::publicPort)
            .orElse(PlatformSettings.USUAL_PORT);
    String own = "localhost:" + port;
    String domain = surroundings.variable("DBOS_DOMAIN").orElse(own);
    if (domain.equals(own)) {
      return new PlatformAddress(own, true, List.of(home.certificateAuthority()));
    }
    List<Path> authorities = new ArrayList<>();
    surroundings
        .variable("NODE_EXTRA_CA_CERTS")
        .map(file -> surroundings.directory().resolve(file))
        .ifPresent(authorities::add);
    return new PlatformAddress(domain, false, authorities);
  }

  public URI url() {
    return URI.create("https://" + domain);
  }

  /// Trusts the platform's authority; for one of this home nothing else.
  public SSLContext trust() {
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int count = 0;
      for (Path file : authorities) {
        for (Certificate certificate : certificates(file)) {
          store.setCertificateEntry("authority-" + count++, certificate);
        }
      }
      if (!local) {
        for (Certificate certificate : system()) {
          store.setCertificateEntry("system-" + count++, certificate);
        }
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, factory.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException damaged) {
      throw CommandFailure.failed(
              "trust", "the certificate authority cannot be read: " + damaged.getMessage())
          .cause(damaged)
          .build();
    }
  }

  private List<Certificate> certificates(Path file) throws IOException, GeneralSecurityException {
    if (!Files.isRegularFile(file)) {
      if (local) {
        throw ApiClient.notRunning(this, null);
      }
      return List.of();
    }
    try (InputStream content = Files.newInputStream(file)) {
      return List.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(content));
    }
  }

  private static List<Certificate> system() throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((@Nullable KeyStore) null);
    List<Certificate> all = new ArrayList<>();
    for (var manager : factory.getTrustManagers()) {
      if (manager instanceof X509TrustManager trusting) {
        all.addAll(List.of(trusting.getAcceptedIssuers()));
      }
    }
    return all;
  }

  /// The file with which others can check who they talk to.
  public Optional<Path> authority() {
    return authorities.stream().findFirst();
  }
}
