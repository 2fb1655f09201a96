package dev.slipway.installation;

import dev.slipway.common.crypto.CertificateAuthority;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.localstack.KafkaBroker;
import dev.slipway.localstack.KeyFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;

/// Makes the secrets of an installation where only root can read them, and puts into the volume of
/// each part what that part needs, readable by its user and nobody else.
///
/// What is there stays: running it again completes what a crash has left undone, and gives a part
/// that is new what is due to it. The parts' volumes without the installation's own are refused,
/// since other keys would fit nothing that was written with the lost ones.
///
/// @param installation the folder of the secrets themselves
/// @param parts        has a folder for each part
/// @param user         the number of the user that the services run as
record Secrets(Path installation, Path parts, int user) {

  /// The services that have a database, which is called like them.
  static final List<String> WITH_DATABASE =
      List.of("account-service", "instance-service", "deploy-service");

  private static final List<String> PARTS =
      List.of(
          "postgres", "kafka", "account-service", "instance-service", "deploy-service", "gateway");

  private static final String IDENTIFIER = "installation";
  private static final String KEYSETS = "installation.keyset.json";
  private static final String SIGNING = "internal.key.pem";
  private static final String VERIFYING = "internal.pub.pem";
  private static final String SHOWN = "internal.secret";
  private static final String AUTHORITY = CertificateAuthority.CERTIFICATE;
  private static final String AUTHORITY_KEY = "ca.key.pem";

  /// @param postgres the number of the user that Postgres runs as
  /// @param kafka    the number of the user that Kafka runs as
  void ensure(int postgres, int kafka) throws IOException {
    refuseStrangers();
    String identifier = identifier();
    Path shared = installation.resolve("shared");
    InstallationKeys.open(shared);
    CertificateAuthority.open(shared);

    give("postgres", "postgres.password", password(installation, "postgres") + "\n", postgres);
    String login = KafkaBroker.login(password(installation, "kafka"));
    give(
        "kafka",
        "kafka.properties",
        "logins=" + KafkaBroker.logins(password(installation, "kafka")) + "\n",
        kafka);
    Path data = parts.resolve("kafka-data");
    if (Files.isDirectory(data)) {
      own(data, kafka);
    }

    for (String service : WITH_DATABASE) {
      var told = new TreeMap<>(Map.of("slipway.installation", identifier));
      told.put("quarkus.datasource.password", password(installation, service));
      told.put("kafka.sasl.jaas.config", login);
      give(service, "service.properties", properties(told), user);
      give(service, KEYSETS, Files.readString(ownKeys(service, shared).resolve(KEYSETS)), user);
      copy(shared, service, VERIFYING, SHOWN);
    }
    // Who signs the internal tokens, who issues certificates, and who checks them.
    copy(shared, "account-service", SIGNING);
    copy(shared, "instance-service", AUTHORITY, AUTHORITY_KEY);
    copy(shared, "deploy-service", AUTHORITY);
    give(
        "gateway",
        "service.properties",
        properties(
            new TreeMap<>(
                Map.of("slipway.installation", identifier, "kafka.sasl.jaas.config", login))),
        user);
    copy(shared, "gateway", SHOWN, AUTHORITY, AUTHORITY_KEY);
  }

  /// The password of a part, made at its first use.
  static String password(Path installation, String part) throws IOException {
    return KeyFile.ensure(installation.resolve("passwords").resolve(part));
  }

  private void refuseStrangers() throws IOException {
    if (Files.exists(installation.resolve(IDENTIFIER))) {
      return;
    }
    for (String part : PARTS) {
      Path folder = parts.resolve(part);
      if (!Files.isDirectory(folder)) {
        throw new IOException("The folder %s is missing".formatted(folder));
      }
      try (Stream<Path> files = Files.list(folder)) {
        if (files.findAny().isPresent()) {
          throw new IOException(
              "%s has secrets of an installation that %s does not know: restore its volume, or remove all volumes to begin anew"
                  .formatted(part, installation));
        }
      }
    }
  }

  private String identifier() throws IOException {
    Path file = installation.resolve(IDENTIFIER);
    if (!Files.exists(file)) {
      write(file, UUID.randomUUID() + "\n", keeper());
    }
    return Files.readString(file).strip();
  }

  /// A service encrypts with keys of its own, so that what one of them loses opens nothing of the
  /// others.
  private Path ownKeys(String service, Path shared) throws IOException {
    Path folder = installation.resolve(service);
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    for (String name : List.of(SIGNING, VERIFYING, SHOWN)) {
      if (!Files.exists(folder.resolve(name))) {
        write(folder.resolve(name), Files.readString(shared.resolve(name)), keeper());
      }
    }
    InstallationKeys.open(folder);
    return folder;
  }

  /// The number of the user that the folder of the secrets belongs to: root, but in tests.
  private int keeper() throws IOException {
    return (Integer) Files.getAttribute(installation, "unix:uid");
  }

  private void copy(Path from, String part, String... names) throws IOException {
    for (String name : names) {
      give(part, name, Files.readString(from.resolve(name)), user);
    }
  }

  private void give(String part, String name, String content, int owner) throws IOException {
    Path file = parts.resolve(part).resolve(name);
    if (!Files.exists(file)) {
      write(file, content, owner);
    }
  }

  private static String properties(TreeMap<String, String> told) {
    var text = new StringBuilder();
    told.forEach((key, value) -> text.append(key).append('=').append(value).append('\n'));
    return text.toString();
  }

  /// Appears whole, with its owner, or not at all; and outlives a loss of power.
  private static void write(Path file, String content, int owner) throws IOException {
    Path temporary = file.resolveSibling("." + file.getFileName() + ".new");
    Files.deleteIfExists(temporary);
    try (FileChannel channel =
        FileChannel.open(
            temporary,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r--------")))) {
      ByteBuffer bytes = StandardCharsets.UTF_8.encode(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    own(temporary, owner);
    Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void own(Path path, int owner) throws IOException {
    if (!Files.getAttribute(path, "unix:uid").equals(owner)) {
      Files.setAttribute(path, "unix:gid", owner);
      Files.setAttribute(path, "unix:uid", owner);
    }
  }
}
