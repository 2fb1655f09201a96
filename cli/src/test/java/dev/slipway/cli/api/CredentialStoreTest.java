package dev.slipway.cli.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.PlatformHome;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CredentialStoreTest {

  private static final Credentials FRESH = new Credentials("fresh", null, "demo", "acme", null);

  private static final String OURS = "localhost:8443";

  /// Of Linux, without the byte that ends it.
  private static final int LONGEST_PATH = 4095;

  @TempDir private Path folder;

  @Test
  void whoSignsInIsSignedInHereAndElsewhere() throws Exception {
    assertThat(store(folder).write(FRESH)).isEmpty();

    assertThat(folder.resolve(".dbos/credentials")).content().contains("fresh", OURS);
    assertThat(folder.resolve("home/credentials")).content().contains("fresh", OURS);
  }

  @Test
  void whatIsAnotherPlatformsIsNeitherUsedNorRemoved() throws Exception {
    CredentialStore store = store(folder);
    store.writeHome(FRESH);
    Path local = folder.resolve(".dbos/credentials");
    Files.createDirectories(local.resolveSibling("."));
    Files.writeString(local, FRESH.withToken("theirs").withDomain("localhost:9443").asJson());

    assertThat(store.all()).extracting(Credentials::token).containsExactly("fresh");
    assertThat(store.remove()).isTrue();
    assertThat(store.read()).isEmpty();
    assertThat(store.remove()).isFalse();
    assertThat(local).content().contains("theirs");
  }

  /// As the official command writes it.
  @ParameterizedTest
  @CsvSource({
    "'{}', true",
    "'{\"iss\":\"https://localhost:8443/\"}', true",
    "'{\"iss\":\"https://localhost:9443/\"}', false",
    "'{\"iss\":\"https://localhost:8443.elsewhere/\"}', false"
  })
  void aFileWithoutPlatformIsOfTheOneThatIssuedItsToken(String claims, boolean ours)
      throws Exception {
    String token =
        "e30.%s.s".formatted(Base64.getUrlEncoder().encodeToString(claims.getBytes(UTF_8)));
    FakePlatform.credentials(folder.resolve(".dbos/credentials"), token, "refresh", "acme");

    assertThat(store(folder).read().isPresent()).isEqualTo(ours);
    assertThat(store(folder).remove()).isEqualTo(ours);
  }

  @Test
  void aFolderThatCannotBeWrittenHasTheCredentialsOfTheHome() throws Exception {
    // Not even root makes a folder where a file is.
    Files.createFile(folder.resolve(".dbos"));
    CredentialStore store = store(folder);

    assertThat(store.write(FRESH)).isPresent();

    assertThat(store.read().orElseThrow().token()).isEqualTo("fresh");
    assertThat(store.remove()).isTrue();
    assertThat(store.read()).isEmpty();
  }

  @Test
  void anEarlierSignInThatCannotBeReplacedDoesNotCount() throws Exception {
    Path deep = withoutRoomBesideTheCredentials(folder);
    FakePlatform.credentials(deep.resolve(".dbos/credentials"), "stale", null, "acme");
    CredentialStore store = store(deep);
    assertThat(store.read().orElseThrow().token()).isEqualTo("stale");

    assertThat(store.write(FRESH)).isPresent();

    assertThat(store.read().orElseThrow().token()).isEqualTo("fresh");
  }

  /// The path of the credentials is as long as one may be, and the file that would replace them
  /// has a longer name: root cannot write it either.
  static Path withoutRoomBesideTheCredentials(Path folder) {
    Path deep = folder;
    int left = LONGEST_PATH - folder.resolve(".dbos/credentials").toString().length();
    while (left > 200) {
      deep = deep.resolve("d".repeat(99));
      left -= 100;
    }
    return deep.resolve("d".repeat(left - 1));
  }

  private CredentialStore store(Path directory) {
    Surroundings surroundings =
        new Surroundings(
            Map.of("SLIPWAY_HOME", folder.resolve("home").toString()),
            directory,
            InputStream.nullInputStream(),
            System.out,
            System.err,
            Set.of(),
            folder);
    return new CredentialStore(surroundings, PlatformHome.of(surroundings), OURS);
  }
}
