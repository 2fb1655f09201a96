package dev.slipway.instance.driver;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;

/// A certificate authority for one test.
public final class TestAuthority implements ServerCertificates {

  private static final X500Name NAME = new X500Name("CN=test authority");

  private final Path file;
  private final KeyPair keys;

  public TestAuthority(Path folder) throws IOException {
    this.file = folder.resolve("authority.pem");
    this.keys = generate();
    Files.writeString(
        file,
        pem(
            certificate(
                NAME,
                keys.getPublic(),
                new Extension(
                    Extension.basicConstraints, true, bytes(new BasicConstraints(true))))));
  }

  @Override
  public Issued issue(List<String> further) {
    KeyPair server = generate();
    try {
      var all =
          new ArrayList<>(
              List.of(
                  new GeneralName(GeneralName.dNSName, "localhost"),
                  new GeneralName(GeneralName.iPAddress, "127.0.0.1"),
                  new GeneralName(GeneralName.iPAddress, "::1")));
      further.forEach(name -> all.add(new GeneralName(GeneralName.dNSName, name)));
      var names = new GeneralNames(all.toArray(GeneralName[]::new));
      X509CertificateHolder certificate =
          certificate(
              new X500Name("CN=localhost"),
              server.getPublic(),
              new Extension(Extension.subjectAlternativeName, false, bytes(names)));
      PemObject key = new JcaPKCS8Generator(server.getPrivate(), null).generate();
      return new Issued(pem(certificate), pem(key));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public Path authority() {
    return file;
  }

  private X509CertificateHolder certificate(X500Name subject, PublicKey key, Extension extension)
      throws IOException {
    Instant now = Instant.now();
    PrivateKey signer = keys.getPrivate();
    try {
      return new JcaX509v3CertificateBuilder(
              NAME,
              new BigInteger(64, new SecureRandom()),
              Date.from(now.minus(Duration.ofHours(1))),
              Date.from(now.plus(Duration.ofDays(1))),
              subject,
              key)
          .addExtension(extension)
          .build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer));
    } catch (OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] bytes(org.bouncycastle.asn1.ASN1Encodable value) throws IOException {
    return value.toASN1Primitive().getEncoded();
  }

  private static KeyPair generate() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String pem(Object object) throws IOException {
    var text = new StringWriter();
    try (var writer = new JcaPEMWriter(text)) {
      writer.writeObject(object);
    }
    return text.toString();
  }
}
