package dev.slipway.instance.driver.docker;

import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.instance.driver.ServerCertificates;
import dev.slipway.instance.driver.ServerConfiguration;
import dev.slipway.instance.driver.sql.PlatformConnection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.jspecify.annotations.Nullable;

/// What the platform puts into an instance's volume before each start: the script that runs the
/// server, settings, who is let in, the certificate.
///
/// ```text
/// /var/lib/postgresql       the volume
///   slipway/
///     run.sh                what the container runs; makes the data at the first start
///     complete              written by run.sh, durably, before anybody has data here
///     data/                 the server's own
///     …                     settings, certificate
/// ```
final class ServerFiles {

  static final String VOLUME = "/var/lib/postgresql";
  static final String HOME = VOLUME + "/slipway";
  static final String RUN = HOME + "/run.sh";
  static final String COMPLETE = HOME + "/complete";
  static final String PASSWORD = HOME + "/password";

  /// How `run.sh` ends where there is no room to write.
  static final int DISK_FULL = 28;

  /// `postgres --single` takes a statement at an empty line.
  private static final String STATEMENTS =
      PlatformConnection.FIRST_STATEMENTS.stream()
          .map(statement -> statement + ";\n\n")
          .collect(Collectors.joining());

  private static final String OWN_SETTINGS =
      """

      # Of a container: only the engine lets clients in.
      listen_addresses = '*'
      port = 5432
      hba_file = '%1$s/pg_hba.conf'
      ssl_cert_file = '%1$s/server.crt'
      ssl_key_file = '%1$s/server.key'
      cluster_name = '%2$s'
      """;

  private static final String HBA =
      """
      # Encrypted and with a password, or not at all; the platform's role only from where the platform is.
      %s
      hostssl all slipway all          reject
      hostssl all all     all          scram-sha-256
      """;

  private ServerFiles() {}

  /// A tar archive for [#VOLUME].
  ///
  /// @param user     number of the image's user `postgres`
  /// @param group    its group's
  /// @param gateways addresses from which the engine's host connects; none where the platform is in
  ///     the server's network, at an address that is not known before it comes
  /// @param verifier of the platform's role; used where there is no data yet
  static byte[] archive(
      String instance,
      int user,
      int group,
      List<String> gateways,
      ServerCertificates.Issued certificate,
      ScramVerifier verifier) {
    var bytes = new ByteArrayOutputStream();
    try (var archive = new Archive(bytes, user, group)) {
      archive.folder("slipway/", 0700);
      archive.file("slipway/run.sh", 0700, script());
      archive.file("slipway/first.sql", 0600, STATEMENTS);
      archive.file(
          "slipway/" + ServerConfiguration.FILE,
          0600,
          ServerConfiguration.text() + OWN_SETTINGS.formatted(HOME, instance));
      archive.file("slipway/pg_hba.conf", 0600, HBA.formatted(platform(gateways)));
      archive.file("slipway/server.crt", 0600, certificate.certificate());
      archive.file("slipway/server.key", 0600, certificate.key());
      archive.file("slipway/password", 0600, verifier.value() + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("nothing can fail in memory", e);
    }
    return bytes.toByteArray();
  }

  private static String script() throws IOException {
    try (@Nullable InputStream stream = ServerFiles.class.getResourceAsStream("run.sh")) {
      if (stream == null) {
        throw new IOException("the resource run.sh is missing");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String platform(List<String> gateways) {
    List<String> addresses =
        gateways.isEmpty()
            ? List.of("samenet")
            : gateways.stream().map(it -> it + (it.contains(":") ? "/128" : "/32")).toList();
    return addresses.stream()
        .map("hostssl all slipway %s scram-sha-256"::formatted)
        .collect(Collectors.joining("\n"));
  }

  private static final class Archive implements AutoCloseable {

    private final TarArchiveOutputStream stream;
    private final int user;
    private final int group;

    Archive(ByteArrayOutputStream bytes, int user, int group) {
      this.stream = new TarArchiveOutputStream(bytes);
      this.user = user;
      this.group = group;
    }

    void folder(String name, int mode) throws IOException {
      put(new TarArchiveEntry(name), mode, new byte[0]);
    }

    void file(String name, int mode, String text) throws IOException {
      byte[] content = text.getBytes(StandardCharsets.UTF_8);
      var entry = new TarArchiveEntry(name);
      entry.setSize(content.length);
      put(entry, mode, content);
    }

    private void put(TarArchiveEntry entry, int mode, byte[] content) throws IOException {
      entry.setMode(mode);
      entry.setUserId(user);
      entry.setGroupId(group);
      stream.putArchiveEntry(entry);
      stream.write(content);
      stream.closeArchiveEntry();
    }

    @Override
    public void close() throws IOException {
      stream.close();
    }
  }
}
