package dev.slipway.gateway.tls;

import dev.slipway.common.crypto.CertificateAuthority;
import dev.slipway.common.crypto.IssuedCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/// The certificate of the door. It is kept from start to start, and issued anew when it runs out
/// within a month, when the names changed, or when the authority is another.
///
/// @param certificate PEM
/// @param key         PEM, PKCS#8; only its owner can read it
public record GatewayCertificate(Path certificate, Path key) {

  private static final Logger LOG = Logger.getLogger(GatewayCertificate.class);
  private static final Duration VALIDITY = Duration.ofDays(730);
  private static final Duration RENEWED_BEFORE = Duration.ofDays(30);
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

  /// What a machine is always called by itself.
  private static final List<String> OWN_NAMES =
      List.of("localhost", "*.localhost", "127.0.0.1", "::1");

  /// Finds the certificate in this folder, or has it issued there.
  ///
  /// @param issuer     folder of the authority
  /// @param publicHost the host of the platform's address
  /// @param further    more names and addresses
  public static GatewayCertificate ensure(
      Path issuer, Path folder, String publicHost, Collection<String> further, Instant now) {
    Names names = Names.of(publicHost, further);
    CertificateAuthority authority = CertificateAuthority.open(issuer);
    var found =
        new GatewayCertificate(folder.resolve("gateway.pem"), folder.resolve("gateway.key.pem"));
    try {
      Optional<X509Certificate> present = found.read();
      if (present.isEmpty() || !good(present.get(), authority, names, now)) {
        found.write(authority.issueServer(publicHost, names.dns(), names.addresses(), VALIDITY));
        LOG.infof("issued a certificate for %s", String.join(", ", names.all()));
      }
    } catch (IOException problem) {
      throw new UncheckedIOException("cannot write the certificate in " + folder, problem);
    }
    return found;
  }

  private static boolean good(
      X509Certificate present, CertificateAuthority authority, Names names, Instant now) {
    return authority.signed(present)
        && now.plus(RENEWED_BEFORE).isBefore(present.getNotAfter().toInstant())
        && names.normalized().equals(namesIn(present));
  }

  /// Nothing when there is no certificate that can be read, or no key beside it.
  private Optional<X509Certificate> read() throws IOException {
    if (!Files.exists(key)) {
      return Optional.empty();
    }
    try (InputStream stream = Files.newInputStream(certificate)) {
      return Optional.of(
          (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(stream));
    } catch (NoSuchFileException | CertificateException none) {
      return Optional.empty();
    }
  }

  private void write(IssuedCertificate issued) throws IOException {
    // The old certificate goes first and the new one comes last, so that a crash leaves none rather
    // than one without its key.
    Files.deleteIfExists(certificate);
    replace(key, issued.privateKeyPem(), "rw-------");
    replace(certificate, issued.certificatePem(), "rw-r--r--");
  }

  private static void replace(Path file, String content, String permissions) throws IOException {
    Path temporary = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(temporary);
    Files.createFile(
        temporary,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
    Files.writeString(temporary, content, StandardOpenOption.WRITE);
    Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static Set<String> namesIn(X509Certificate certificate) {
    var names = new TreeSet<String>();
    try {
      Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
      if (alternatives != null) {
        alternatives.forEach(name -> names.add(normalized(String.valueOf(name.get(1)))));
      }
    } catch (CertificateException unreadable) {
      return Set.of();
    }
    return names;
  }

  private static boolean isAddress(String name) {
    return ADDRESS.matcher(name).matches();
  }

  /// Addresses have several spellings, of which a certificate gives back another than it was given.
  private static String normalized(String name) {
    if (!isAddress(name)) {
      return name.toLowerCase(Locale.ROOT);
    }
    try {
      return InetAddress.getByName(name).getHostAddress();
    } catch (UnknownHostException notAnAddress) {
      return name;
    }
  }

  private record Names(List<String> dns, List<String> addresses) {

    static Names of(String publicHost, Collection<String> further) {
      var all = new LinkedHashSet<String>(OWN_NAMES);
      String host = unbracketed(publicHost).toLowerCase(Locale.ROOT);
      all.add(host);
      if (!isAddress(host)) {
        // The hosts of applications.
        all.add("*." + host);
      }
      further.forEach(name -> all.add(unbracketed(name.strip()).toLowerCase(Locale.ROOT)));
      var dns = new ArrayList<String>();
      var addresses = new ArrayList<String>();
      all.forEach(name -> (isAddress(name) ? addresses : dns).add(name));
      return new Names(List.copyOf(dns), List.copyOf(addresses));
    }

    List<String> all() {
      var all = new ArrayList<>(dns);
      all.addAll(addresses);
      return all;
    }

    Set<String> normalized() {
      var normalized = new TreeSet<String>();
      all().forEach(name -> normalized.add(GatewayCertificate.normalized(name)));
      return normalized;
    }

    private static String unbracketed(String host) {
      return host.startsWith("[") && host.endsWith("]")
          ? host.substring(1, host.length() - 1)
          : host;
    }
  }
}
