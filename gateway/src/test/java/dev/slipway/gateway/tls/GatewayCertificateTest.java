package dev.slipway.gateway.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.crypto.CertificateAuthority;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GatewayCertificateTest {

  private final Instant now = Instant.now();

  @TempDir Path folder;

  @Test
  void hasEveryNameOfThePlatform() throws Exception {
    X509Certificate certificate =
        ensure("slipway.example.org", List.of("*.apps.example.org", "10.1.2.3"), now);

    assertThat(certificate.getSubjectAlternativeNames())
        .extracting(name -> (String) name.get(1))
        .containsExactlyInAnyOrder(
            "localhost",
            "*.localhost",
            "slipway.example.org",
            "*.slipway.example.org",
            "*.apps.example.org",
            "127.0.0.1",
            "0:0:0:0:0:0:0:1",
            "10.1.2.3");
    assertThat(CertificateAuthority.open(folder).signed(certificate)).isTrue();
  }

  @Test
  void isKeptFromStartToStart() throws Exception {
    X509Certificate first = ensure("slipway.example.org", List.of("::2"), now);

    assertThat(ensure("SLIPWAY.example.org", List.of("0:0::2"), now)).isEqualTo(first);
  }

  @Test
  void isIssuedAnewAMonthBeforeItRunsOut() throws Exception {
    X509Certificate first = ensure("localhost", List.of(), now);
    Instant end = first.getNotAfter().toInstant();

    assertThat(ensure("localhost", List.of(), end.minus(Duration.ofDays(31)))).isEqualTo(first);
    assertThat(ensure("localhost", List.of(), end.minus(Duration.ofDays(29)))).isNotEqualTo(first);
  }

  @Test
  void isIssuedAnewForOtherNames() throws Exception {
    X509Certificate first = ensure("localhost", List.of(), now);

    assertThat(ensure("localhost", List.of("other"), now)).isNotEqualTo(first);
  }

  @Test
  void isIssuedAnewByAnotherAuthority() throws Exception {
    X509Certificate first = ensure("localhost", List.of(), now);
    Files.delete(folder.resolve("ca.pem"));

    X509Certificate second = ensure("localhost", List.of(), now);

    assertThat(second).isNotEqualTo(first);
    assertThat(CertificateAuthority.open(folder).signed(second)).isTrue();
  }

  @Test
  void isIssuedAnewWhenItOrItsKeyIsLost() throws Exception {
    X509Certificate first = ensure("localhost", List.of(), now);
    Files.delete(folder.resolve("gateway.key.pem"));
    X509Certificate second = ensure("localhost", List.of(), now);
    Files.writeString(folder.resolve("gateway.pem"), "nothing of the kind");
    X509Certificate third = ensure("localhost", List.of(), now);

    assertThat(List.of(first, second, third)).doesNotHaveDuplicates();
  }

  @Test
  void nobodyElseCanReadItsKey() throws Exception {
    ensure("localhost", List.of(), now);

    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(folder.resolve("gateway.key.pem"))))
        .isEqualTo("rw-------");
  }

  private X509Certificate ensure(String host, List<String> names, Instant at) throws Exception {
    GatewayCertificate certificate = GatewayCertificate.ensure(folder, folder, host, names, at);
    try (InputStream stream = Files.newInputStream(certificate.certificate())) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(stream);
    }
  }
}
