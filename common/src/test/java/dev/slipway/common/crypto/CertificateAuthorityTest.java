package dev.slipway.common.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateAuthorityTest {

  private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");

  @TempDir Path folder;

  @Test
  void opensTheSameAuthorityEveryTime() {
    String first = CertificateAuthority.open(folder.resolve("ca")).certificatePem();

    assertThat(CertificateAuthority.open(folder.resolve("ca")).certificatePem()).isEqualTo(first);
    assertThat(folder.resolve("ca/ca.pem")).hasContent(first.strip());
  }

  @Test
  void manyWhoOpenAnEmptyFolderAtOnceFindOneAuthority() throws Exception {
    Set<String> found = new HashSet<>();
    try (var threads = Executors.newFixedThreadPool(8)) {
      Callable<String> open = () -> CertificateAuthority.open(folder).certificatePem();
      for (var opened : threads.invokeAll(Collections.nCopies(8, open))) {
        found.add(opened.get());
      }
    }

    assertThat(found).hasSize(1);
  }

  @Test
  void leavesAFolderAsItIsThatHasAnAuthority() throws Exception {
    String made = CertificateAuthority.open(folder.resolve("made")).certificatePem();
    Path given = Files.createDirectory(folder.resolve("given"));
    for (String name : List.of("ca.pem", "ca.key.pem")) {
      Files.copy(folder.resolve("made").resolve(name), given.resolve(name));
    }

    assertThat(CertificateAuthority.open(given).certificatePem()).isEqualTo(made);

    try (var files = Files.list(given)) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void nobodyElseCanReadTheKey() throws Exception {
    CertificateAuthority.open(folder);

    assertThat(permissions("ca.key.pem")).isEqualTo("rw-------");
    assertThat(permissions("ca.pem")).startsWith("rw-");
  }

  @Test
  void isAnAuthorityForTwentyYears() throws Exception {
    X509Certificate authority = parse(open().certificatePem());

    assertThat(authority.getBasicConstraints()).isZero();
    assertThat(authority.getKeyUsage()).startsWith(false, false, false, false, false, true, true);
    assertThat(authority.getNotBefore()).isBefore(NOW);
    assertThat(authority.getNotAfter()).isAfter(NOW.plus(Duration.ofDays(19 * 365)));
    authority.verify(authority.getPublicKey());
  }

  @Test
  void issuesWhatItsClientsTrustUnderEveryName() throws Exception {
    CertificateAuthority authority = open();

    IssuedCertificate issued =
        authority.issueServer(
            "localhost",
            List.of("localhost", "*.localhost"),
            List.of("127.0.0.1", "::1"),
            Duration.ofDays(730));

    X509Certificate certificate = parse(issued.certificatePem());
    certificate.verify(parse(authority.certificatePem()).getPublicKey());
    assertThat(authority.signed(certificate)).isTrue();
    assertThat(certificate.getIssuerX500Principal())
        .isEqualTo(parse(authority.certificatePem()).getSubjectX500Principal());
    assertThat(certificate.getBasicConstraints()).isEqualTo(-1);
    assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
    assertThat(certificate.getSubjectAlternativeNames())
        .extracting(name -> (String) name.get(1))
        .containsExactly("localhost", "*.localhost", "127.0.0.1", "0:0:0:0:0:0:0:1");
    assertThat(certificate.getNotAfter()).isEqualTo(NOW.plus(Duration.ofDays(730)));
  }

  @Test
  void theKeyBelongsToTheCertificate() throws Exception {
    IssuedCertificate issued =
        open().issueServer("localhost", List.of("localhost"), List.of(), Duration.ofDays(1));
    byte[] content = "a message".getBytes(StandardCharsets.UTF_8);
    var signing = Signature.getInstance("SHA256withECDSA");
    signing.initSign(
        KeyFactory.getInstance("EC")
            .generatePrivate(
                new PKCS8EncodedKeySpec(
                    Base64.getMimeDecoder()
                        .decode(issued.privateKeyPem().replaceAll("-----[A-Z ]+-----", "")))));
    signing.update(content);

    X509Certificate certificate = parse(issued.certificatePem());
    var verifying = Signature.getInstance("SHA256withECDSA");
    verifying.initVerify(certificate.getPublicKey());
    verifying.update(content);
    assertThat(verifying.verify(signing.sign())).isTrue();
    assertThat(((ECPublicKey) certificate.getPublicKey()).getParams().getOrder().bitLength())
        .isEqualTo(256);
  }

  @Test
  void anotherInstallationsCertificateIsForeign() throws Exception {
    IssuedCertificate elsewhere =
        CertificateAuthority.open(folder.resolve("elsewhere"))
            .issueServer("localhost", List.of("localhost"), List.of(), Duration.ofDays(1));

    assertThat(open().signed(parse(elsewhere.certificatePem()))).isFalse();
  }

  @Test
  void aKeyLeftByACrashBeforeTheCertificateIsReplaced() throws Exception {
    Files.writeString(folder.resolve("ca.key.pem"), "half");

    CertificateAuthority authority = open();

    var issued = authority.issueServer("a", List.of("a"), List.of(), Duration.ofDays(1));
    assertThat(authority.signed(parse(issued.certificatePem()))).isTrue();
  }

  @Test
  void aLostKeyIsSaidAndNotMadeAnew() throws Exception {
    String trusted = open().certificatePem();
    Files.delete(folder.resolve("ca.key.pem"));

    assertThatThrownBy(this::open).hasMessageContaining(folder.toString());
    assertThat(folder.resolve("ca.pem")).hasContent(trusted.strip());
  }

  @Test
  void aDamagedCertificateIsSaid() throws Exception {
    open();
    Files.writeString(folder.resolve("ca.pem"), "nothing of the kind");

    assertThatThrownBy(this::open)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("damaged");
  }

  @Test
  void theKeyIsNotPrinted() {
    assertThat(open().issueServer("a", List.of("a"), List.of(), Duration.ofDays(1)))
        .hasToString("IssuedCertificate");
  }

  private CertificateAuthority open() {
    return CertificateAuthority.open(folder, Clock.fixed(NOW, ZoneOffset.UTC));
  }

  private String permissions(String file) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(file)));
  }

  private static X509Certificate parse(String pem) throws Exception {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
  }
}
