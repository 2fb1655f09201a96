package dev.slipway.installation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.common.crypto.CertificateAuthority;
import dev.slipway.common.crypto.InstallationKeys;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretsTest {

  private static final List<String> PARTS =
      List.of(
          "postgres", "kafka", "account-service", "instance-service", "deploy-service", "gateway");

  @TempDir Path folder;

  private Path installation = Path.of("");
  private Path parts = Path.of("");
  private int me;

  @BeforeEach
  void emptyVolumes() throws IOException {
    installation = Files.createDirectory(folder.resolve("installation"));
    parts = Files.createDirectory(folder.resolve("parts"));
    for (String part : PARTS) {
      Files.createDirectory(parts.resolve(part));
    }
    me = (Integer) Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }

  private void ensure() throws IOException {
    new Secrets(installation, parts, me).ensure(me, me);
  }

  @Test
  void everyPartGetsWhatItNeedsAndNoMore() throws IOException {
    ensure();

    assertThat(files(parts).keySet())
        .containsExactlyInAnyOrder(
            "postgres/postgres.password",
            "kafka/kafka.properties",
            "account-service/installation.keyset.json",
            "account-service/internal.key.pem",
            "account-service/internal.pub.pem",
            "account-service/internal.secret",
            "account-service/service.properties",
            "instance-service/ca.key.pem",
            "instance-service/ca.pem",
            "instance-service/installation.keyset.json",
            "instance-service/internal.pub.pem",
            "instance-service/internal.secret",
            "instance-service/service.properties",
            "deploy-service/ca.pem",
            "deploy-service/installation.keyset.json",
            "deploy-service/internal.pub.pem",
            "deploy-service/internal.secret",
            "deploy-service/service.properties",
            "gateway/ca.key.pem",
            "gateway/ca.pem",
            "gateway/internal.secret",
            "gateway/service.properties");
  }

  @Test
  void onlyTheOwnerReadsThem() throws IOException {
    ensure();

    for (Path root : List.of(installation, parts)) {
      try (Stream<Path> files = Files.walk(root)) {
        assertThat(files.filter(Files::isRegularFile).filter(it -> !it.endsWith("ca.pem")))
            .allSatisfy(
                file ->
                    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                        .endsWith("------"));
      }
    }
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(parts.resolve("gateway/ca.key.pem"))))
        .isEqualTo("r--------");
  }

  @Test
  void runAgainItChangesNothing() throws IOException {
    ensure();
    Map<String, String> first = files(folder);

    ensure();

    assertThat(files(folder)).isEqualTo(first);
  }

  @Test
  void whatACrashHasLeftUndoneIsCompleted() throws IOException {
    ensure();
    Map<String, String> whole = files(folder);
    Files.delete(parts.resolve("deploy-service/service.properties"));
    Files.delete(parts.resolve("gateway/ca.pem"));
    Files.writeString(parts.resolve("gateway/.ca.pem.new"), "half");

    ensure();

    assertThat(files(folder)).isEqualTo(whole);
  }

  @Test
  void servicesUnderstandWhatTheyGet() throws IOException {
    ensure();

    InstallationKeys account = InstallationKeys.open(parts.resolve("account-service"));
    InstallationKeys deploy = InstallationKeys.open(parts.resolve("deploy-service"));
    assertThat(account.internalPrivateKey()).isNotNull();
    assertThat(deploy.internalPublicKey()).isEqualTo(account.internalPublicKey());
    assertThat(deploy.internalSecret()).isEqualTo(account.internalSecret());
    assertThat(CertificateAuthority.open(parts.resolve("gateway")).certificatePem())
        .isEqualTo(CertificateAuthority.open(parts.resolve("instance-service")).certificatePem());
    String password = properties("account-service").getProperty("quarkus.datasource.password");
    assertThat(password).hasSize(32).isEqualTo(Secrets.password(installation, "account-service"));
    assertThat(properties("gateway").getProperty("kafka.sasl.jaas.config"))
        .contains(Secrets.password(installation, "kafka"));
    assertThat(properties("gateway").getProperty("slipway.installation"))
        .isEqualTo(properties("deploy-service").getProperty("slipway.installation"))
        .hasSize(36);
  }

  @Test
  void oneServiceOpensNothingOfAnothers() throws IOException {
    ensure();
    byte[] sealed =
        InstallationKeys.open(parts.resolve("instance-service"))
            .encrypt("secret".getBytes(StandardCharsets.UTF_8), "one");
    InstallationKeys deploy = InstallationKeys.open(parts.resolve("deploy-service"));

    assertThatThrownBy(() -> deploy.decrypt(sealed, "one"))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void secretsOfALostInstallationAreRefused() throws IOException {
    ensure();
    Map<String, String> before = files(parts);
    installation = Files.createDirectory(folder.resolve("another"));

    assertThatThrownBy(this::ensure).hasMessageContaining("remove all volumes to begin anew");

    assertThat(files(parts)).isEqualTo(before);
    assertThat(installation).isEmptyDirectory();
  }

  private Properties properties(String part) throws IOException {
    var properties = new Properties();
    try (Reader reader =
        Files.newBufferedReader(parts.resolve(part).resolve("service.properties"))) {
      properties.load(reader);
    }
    return properties;
  }

  private static Map<String, String> files(Path root) throws IOException {
    var found = new TreeMap<String, String>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        found.put(root.relativize(file).toString(), Files.readString(file));
      }
    }
    return found;
  }
}
