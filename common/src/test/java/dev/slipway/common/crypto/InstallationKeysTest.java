package dev.slipway.common.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Signature;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstallationKeysTest {

  @TempDir Path directory;

  @Test
  void decryptsWhatItEncryptedAfterBeingOpenedAgain() {
    byte[] encrypted = InstallationKeys.open(directory).encrypt("secret".getBytes(UTF_8), "one");

    assertThat(new String(InstallationKeys.open(directory).decrypt(encrypted, "one"), UTF_8))
        .isEqualTo("secret");
  }

  @Test
  void decryptsForTheSameAssociatedDataOnly() {
    InstallationKeys keys = InstallationKeys.open(directory);
    byte[] encrypted = keys.encrypt("secret".getBytes(UTF_8), "one");

    assertThatThrownBy(() -> keys.decrypt(encrypted, "two"))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void derivesTheSameSecretForTheSameWordsOnly() {
    InstallationKeys keys = InstallationKeys.open(directory);

    String derived = new String(keys.derive("postgres", "main"));

    assertThat(derived).matches("[A-Za-z0-9]{32}");
    assertThat(new String(InstallationKeys.open(directory).derive("postgres", "main")))
        .isEqualTo(derived);
    assertThat(new String(keys.derive("postgres", "other"))).isNotEqualTo(derived);
    assertThat(new String(keys.derive("kafka", "main"))).isNotEqualTo(derived);
  }

  @Test
  void fingerprintsDifferByBodyAndInstallation(@TempDir Path elsewhere) {
    InstallationKeys keys = InstallationKeys.open(directory);
    byte[] body = "{}".getBytes(UTF_8);

    assertThat(keys.fingerprint(body)).hasSize(32).isEqualTo(keys.fingerprint(body.clone()));
    assertThat(keys.fingerprint("{} ".getBytes(UTF_8))).isNotEqualTo(keys.fingerprint(body));
    assertThat(InstallationKeys.open(elsewhere).fingerprint(body))
        .isNotEqualTo(keys.fingerprint(body));
  }

  @Test
  void onlyTheOwnerReadsTheFiles() throws IOException {
    InstallationKeys.open(directory.resolve("keys"));

    assertThat(mode(directory.resolve("keys"))).isEqualTo("rwx------");
    try (var files = Files.list(directory.resolve("keys"))) {
      assertThat(files)
          .hasSize(5)
          .allSatisfy(file -> assertThat(mode(file)).isEqualTo("rw-------"));
    }
  }

  @Test
  void openedByManyAtOnceItIsMadeOnce() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<String> open = () -> InstallationKeys.open(directory).internalSecret();
      var secrets =
          threads.invokeAll(IntStream.range(0, 8).mapToObj(number -> open).toList()).stream()
              .map(future -> future.resultNow())
              .distinct();
      assertThat(secrets).hasSize(1);
    }
  }

  @Test
  void theInternalPairBelongsTogether() throws Exception {
    InstallationKeys keys = InstallationKeys.open(directory);
    var signer = Signature.getInstance("SHA256withECDSA");
    signer.initSign(keys.internalPrivateKey());
    signer.update("token".getBytes(UTF_8));
    byte[] signature = signer.sign();

    var verifier = Signature.getInstance("SHA256withECDSA");
    verifier.initVerify(InstallationKeys.open(directory).internalPublicKey());
    verifier.update("token".getBytes(UTF_8));
    assertThat(verifier.verify(signature)).isTrue();
  }

  @Test
  void adoptsTheFilesSomeoneElseMade() throws IOException {
    Files.writeString(directory.resolve("internal.secret"), "0123456789abcdef0123456789abcdef\n");

    assertThat(InstallationKeys.open(directory).internalSecret())
        .isEqualTo("0123456789abcdef0123456789abcdef");
  }

  @Test
  void worksWithoutThePrivateHalfAndLeavesTheFolderAsItIs(@TempDir Path given) throws IOException {
    String secret = InstallationKeys.open(directory).internalSecret();
    for (String name : List.of("installation.keyset.json", "internal.pub.pem", "internal.secret")) {
      Files.copy(directory.resolve(name), given.resolve(name));
    }

    InstallationKeys keys = InstallationKeys.open(given);

    assertThat(keys.internalSecret()).isEqualTo(secret);
    assertThat(keys.internalPublicKey())
        .isEqualTo(InstallationKeys.open(directory).internalPublicKey());
    assertThatThrownBy(keys::internalPrivateKey).isInstanceOf(IllegalStateException.class);
    try (var files = Files.list(given)) {
      assertThat(files).hasSize(3);
    }
  }

  @Test
  void aPrivateHalfLeftAloneIsReplaced() throws IOException {
    Files.writeString(directory.resolve("internal.key.pem"), "half");

    assertThat(InstallationKeys.open(directory).internalPrivateKey()).isNotNull();
  }

  @Test
  void aDamagedKeysetIsRefusedAndKept() throws IOException {
    Path keyset = Files.writeString(directory.resolve("installation.keyset.json"), "{}");

    assertThatThrownBy(() -> InstallationKeys.open(directory))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("damaged");
    assertThat(keyset).hasContent("{}");
  }

  private static String mode(Path file) {
    try {
      return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    } catch (IOException problem) {
      throw new AssertionError(problem);
    }
  }
}
