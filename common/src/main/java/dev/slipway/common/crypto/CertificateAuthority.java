package dev.slipway.common.crypto;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// The certificate authority of one installation: `ca.pem`, which clients are told to trust, and
/// `ca.key.pem`, which only its owner can read. Whoever comes first makes them; every process of
/// the installation finds the same ones afterwards. A lost or damaged half is never made anew
/// behind the back of the clients that trust it.
///
/// Safe to use from any thread, and by several processes at once.
public final class CertificateAuthority {

  /// The authority's own certificate in its folder.
  public static final String CERTIFICATE = "ca.pem";

  private static final String KEY = "ca.key.pem";
  private static final String LOCK = ".lock";

  private static final Duration VALIDITY = Duration.ofDays(20 * 365);

  /// Clients whose clock is behind must not find a certificate that is not valid yet.
  private static final Duration CLOCK_SKEW = Duration.ofHours(1);

  private static final Set<PosixFilePermission> OWNER_FILE =
      PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> PUBLIC_FILE =
      PosixFilePermissions.fromString("rw-r--r--");
  private static final Set<PosixFilePermission> PUBLIC_FOLDER =
      PosixFilePermissions.fromString("rwxr-xr-x");

  private final X509Certificate certificate;
  private final PrivateKey key;
  private final Clock clock;

  private CertificateAuthority(X509Certificate certificate, PrivateKey key, Clock clock) {
    this.certificate = certificate;
    this.key = key;
    this.clock = clock;
  }

  /// Opens the authority in this folder and makes it when there is none.
  ///
  /// @throws UncheckedIOException when the folder cannot be written or read
  /// @throws IllegalStateException when a file is missing or is not what it should be
  public static CertificateAuthority open(Path folder) {
    return open(folder, Clock.systemUTC());
  }

  static CertificateAuthority open(Path folder, Clock clock) {
    try {
      // The certificate is the last to appear, so there is nothing left to make; the folder may be
      // closed to writes.
      if (Files.exists(folder.resolve(CERTIFICATE))) {
        return read(folder, clock);
      }
      Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(PUBLIC_FOLDER));
      try (FileChannel channel =
              FileChannel.open(
                  folder.resolve(LOCK),
                  Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                  PosixFilePermissions.asFileAttribute(OWNER_FILE));
          FileLock lock = lock(channel)) {
        assert lock.isValid();
        if (!Files.exists(folder.resolve(CERTIFICATE))) {
          make(folder, clock.instant());
        }
        return read(folder, clock);
      }
    } catch (IOException problem) {
      throw new UncheckedIOException("cannot open the authority in " + folder, problem);
    } catch (GeneralSecurityException | IllegalArgumentException problem) {
      throw new IllegalStateException("the authority in " + folder + " is damaged", problem);
    }
  }

  /// What clients have to trust.
  public String certificatePem() {
    return pem("CERTIFICATE", encoded(certificate));
  }

  /// Whether this certificate was signed with the authority's present key.
  public boolean signed(X509Certificate issued) {
    try {
      issued.verify(certificate.getPublicKey());
      return true;
    } catch (GeneralSecurityException foreign) {
      return false;
    }
  }

  /// Makes a new key and a certificate for a server that answers under these names and addresses.
  ///
  /// @param dnsNames also with a leading `*.`
  /// @param ips      in numbers, version 4 or 6
  public IssuedCertificate issueServer(
      String commonName, List<String> dnsNames, List<String> ips, Duration validity) {
    try {
      KeyPair keys = newKeys();
      Instant now = clock.instant();
      var builder =
          new JcaX509v3CertificateBuilder(
              // The encoded form, since writing a name out and reading it again may change it.
              X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded()),
              newSerial(),
              Date.from(now.minus(CLOCK_SKEW)),
              Date.from(now.plus(validity)),
              named(commonName),
              keys.getPublic());
      var extensions = new JcaX509ExtensionUtils();
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
      builder.addExtension(
          Extension.subjectAlternativeName, false, alternativeNames(dnsNames, ips));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          extensions.createAuthorityKeyIdentifier(certificate.getPublicKey()));
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          extensions.createSubjectKeyIdentifier(keys.getPublic()));
      return new IssuedCertificate(
          pem("CERTIFICATE", sign(builder, key)),
          pem("PRIVATE KEY", keys.getPrivate().getEncoded()));
    } catch (GeneralSecurityException | IOException problem) {
      throw new IllegalStateException("cannot issue a certificate for " + commonName, problem);
    }
  }

  private static void make(Path folder, Instant now) throws IOException, GeneralSecurityException {
    KeyPair keys = newKeys();
    var distinguishing = new byte[4];
    new SecureRandom().nextBytes(distinguishing);
    // Two installations' authorities in one trust store must be told apart.
    X500Name name = named("Slipway " + HexFormat.of().formatHex(distinguishing));
    var builder =
        new JcaX509v3CertificateBuilder(
            name,
            newSerial(),
            Date.from(now.minus(CLOCK_SKEW)),
            Date.from(now.plus(VALIDITY)),
            name,
            keys.getPublic());
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
    builder.addExtension(
        Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    builder.addExtension(
        Extension.subjectKeyIdentifier,
        false,
        new JcaX509ExtensionUtils().createSubjectKeyIdentifier(keys.getPublic()));
    byte[] certificate = sign(builder, keys.getPrivate());
    // The certificate comes last: where it is, the key is. A key alone, left by a crash between the
    // two, has signed nothing and is replaced.
    write(folder.resolve(KEY), pem("PRIVATE KEY", keys.getPrivate().getEncoded()), OWNER_FILE);
    write(folder.resolve(CERTIFICATE), pem("CERTIFICATE", certificate), PUBLIC_FILE);
  }

  private static CertificateAuthority read(Path folder, Clock clock)
      throws IOException, GeneralSecurityException {
    byte[] encoded = unpem("CERTIFICATE", Files.readString(folder.resolve(CERTIFICATE)));
    var certificate =
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(encoded));
    PrivateKey key =
        KeyFactory.getInstance("EC")
            .generatePrivate(
                new PKCS8EncodedKeySpec(
                    unpem("PRIVATE KEY", Files.readString(folder.resolve(KEY)))));
    return new CertificateAuthority(certificate, key, clock);
  }

  private static KeyPair newKeys() throws GeneralSecurityException {
    var generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  /// Positive, and too long to be met twice.
  private static BigInteger newSerial() {
    return new BigInteger(127, new SecureRandom()).setBit(126);
  }

  /// Built part by part, since a name that is parsed could bring in parts of its own.
  private static X500Name named(String commonName) {
    return new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, commonName).build();
  }

  private static GeneralNames alternativeNames(List<String> dnsNames, List<String> ips) {
    var names = new ArrayList<GeneralName>();
    dnsNames.forEach(name -> names.add(new GeneralName(GeneralName.dNSName, name)));
    ips.forEach(address -> names.add(new GeneralName(GeneralName.iPAddress, address)));
    return new GeneralNames(names.toArray(GeneralName[]::new));
  }

  private static byte[] sign(X509v3CertificateBuilder builder, PrivateKey key)
      throws IOException, GeneralSecurityException {
    try {
      return builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)).getEncoded();
    } catch (OperatorCreationException unusable) {
      throw new GeneralSecurityException("the authority's key cannot sign", unusable);
    }
  }

  private static byte[] encoded(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("a certificate that was read has a form", impossible);
    }
  }

  /// A file lock excludes other processes, while a second one within this process is an error
  /// instead of a wait.
  private static FileLock lock(FileChannel channel) throws IOException {
    while (true) {
      try {
        return channel.lock();
      } catch (OverlappingFileLockException heldInThisProcess) {
        try {
          Thread.sleep(10);
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
          throw new IOException("interrupted while waiting for the authority", interrupted);
        }
      }
    }
  }

  /// Appears whole or not at all, and outlives a loss of power.
  private static void write(Path file, String content, Set<PosixFilePermission> permissions)
      throws IOException {
    Path temporary = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(temporary);
    FileAttribute<Set<PosixFilePermission>> access =
        PosixFilePermissions.asFileAttribute(permissions);
    try (FileChannel channel =
        FileChannel.open(
            temporary, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), access)) {
      ByteBuffer bytes = ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String pem(String type, byte[] encoded) {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(encoded);
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(type, body, type);
  }

  private static byte[] unpem(String type, String text) {
    String body =
        text.replace("-----BEGIN " + type + "-----", "").replace("-----END " + type + "-----", "");
    return Base64.getMimeDecoder().decode(body);
  }
}
