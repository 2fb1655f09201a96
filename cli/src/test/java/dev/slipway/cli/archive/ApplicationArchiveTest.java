package dev.slipway.cli.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.Signal;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApplicationArchiveTest {

  @TempDir private Path outside;

  private Path folder;

  @BeforeEach
  void make() throws IOException {
    folder = Files.createDirectory(outside.resolve("shop"));
    file("package.json", "{\"name\":\"shop\"}");
  }

  @Test
  void theListingIsThatOfTheOfficialCommand() throws Exception {
    file("dbos-config.yaml", "name: shop\nlanguage: node\n");
    file("build.sh", "#!/bin/sh\n");
    Files.setPosixFilePermissions(
        folder.resolve("build.sh"), PosixFilePermissions.fromString("rwxr-xr-x"));
    file(".env", "A=1");
    file(".gitignore", "node_modules");
    file("src/main.ts", "");
    file("src/dist/generated.js", "");
    file("dist/main.js", "");
    file("node_modules/pg/index.js", "");
    file("packages/one/node_modules/pg/index.js", "");
    file("packages/one/index.js", "");
    file("packages/one/dbos-config.yaml", "name: nested");
    file(".git/HEAD", "");
    file(".dbos/credentials", "secret");
    file("venv/pyvenv.cfg", "");
    file("lib/.venv/pyvenv.cfg", "");
    file(".python-version", "3.12");
    file("distribution/readme.txt", "");
    file("secrets/key.pem", "");
    file("debug.log", "");
    file("src/debug.log", "");
    file("tmp/a/b", "");
    file(".dbosignore", "# not for the platform\n\n  secrets/  \n*.log\n./tmp\n");
    Files.createDirectories(folder.resolve("empty"));
    Files.writeString(outside.resolve("shared.txt"), "shared");
    Files.createDirectories(outside.resolve("assets"));
    Files.writeString(outside.resolve("assets/logo.svg"), "<svg/>");
    Files.createSymbolicLink(folder.resolve("shared.txt"), outside.resolve("shared.txt"));
    Files.createSymbolicLink(folder.resolve("assets"), outside.resolve("assets"));
    Files.createSymbolicLink(folder.resolve("broken"), outside.resolve("nowhere"));
    Files.createSymbolicLink(folder.resolve("circle"), folder);

    assertThat(listing(null))
        .containsExactly(
            "100644 .dbosignore",
            "100644 .env",
            "100644 .gitignore",
            "100644 assets/logo.svg",
            "100755 build.sh",
            "100644 distribution/readme.txt",
            "100644 package.json",
            "100644 packages/one/index.js",
            "100644 shared.txt",
            "100644 src/debug.log",
            "100644 src/main.ts",
            "100644 dbos-config.yaml");
  }

  @Test
  void theSameFolderGivesTheSameBytes() throws Exception {
    file("src/main.ts", "console.log(1)");

    assertThat(bytes()).isEqualTo(bytes());
  }

  @Test
  void variablesAreReplacedAndThoseThatAreMissingAreNamed() throws Exception {
    file(
        "dbos-config.yaml",
        """
        name: ${APP}
        database:
          password: ${PGPASSWORD}
        database_url: ${DBOS_DATABASE_URL}
        env:
          REGION: ${REGION}
          EMPTY: "${EMPTY}"
        """);
    ApplicationFolder read =
        ApplicationFolder.of(
            surroundings(Map.of("APP", "blog", "EMPTY", "", "REGION", "a$1\\b")), folder, null);

    assertThat(read.name()).contains("blog");
    assertThat(read.warnings()).isEmpty();
    assertThat(content(read, "dbos-config.yaml"))
        .isEqualTo(
            """
            name: blog
            database:
              password:\s
            database_url:\s
            env:
              REGION: a$1\\b
              EMPTY: ""
            """);
    assertThat(ApplicationFolder.of(surroundings(Map.of("APP", "x")), folder, null).warnings())
        .hasSize(2)
        .anyMatch(it -> it.contains("REGION"))
        .noneMatch(it -> it.contains("PGPASSWORD"));
  }

  @Test
  void anotherConfigurationLandsUnderTheUsualName() throws Exception {
    file("dbos-config.yaml", "name: production\n");
    file("config/staging.yaml", "name: staging\n");

    ApplicationFolder staging =
        ApplicationFolder.of(surroundings(Map.of()), folder, "config/staging.yaml");

    assertThat(staging.name()).contains("staging");
    assertThat(content(staging, "dbos-config.yaml")).isEqualTo("name: staging\n");
  }

  @Test
  void withoutConfigurationThePackageGivesTheName() throws Exception {
    ApplicationFolder plain = ApplicationFolder.of(surroundings(Map.of()), folder, null);

    assertThat(plain.name()).contains("shop");
    assertThat(listing(null)).containsExactly("100644 package.json");
    assertThatThrownBy(() -> ApplicationFolder.of(surroundings(Map.of()), folder, "other.yaml"))
        .isInstanceOf(CommandFailure.class);
  }

  @Test
  void whatHasADockerfileNeedsNothingElse() throws Exception {
    Files.delete(folder.resolve("package.json"));
    file("dbos-config.yaml", "name: shop\nlanguage: go\n");
    ApplicationFolder none = ApplicationFolder.of(surroundings(Map.of()), folder, null);
    assertThatThrownBy(none::require).isInstanceOf(CommandFailure.class);

    file("Dockerfile", "FROM golang\n");

    assertThatNoException().isThrownBy(none::require);
    assertThat(none.language()).isEqualTo("node");
  }

  @Test
  void aConfigurationThatIsNoneIsRefusedWithoutQuotingIt() throws Exception {
    file("dbos-config.yaml", "name: [${TOKEN}\n");

    assertThatThrownBy(
            () -> ApplicationFolder.of(surroundings(Map.of("TOKEN", "hunter2")), folder, null))
        .isInstanceOfSatisfying(
            CommandFailure.class,
            failure -> {
              assertThat(failure.exitCode()).isEqualTo(2);
              assertThat(failure.getCause()).isNull();
              assertThat(failure.message() + failure.next() + failure.details())
                  .doesNotContain("hunter2");
            });
  }

  @Test
  void whatIsTooLargeIsRefusedWithTheLargestNamed() throws Exception {
    byte[] noise = new byte[300_000];
    new Random(1).nextBytes(noise);
    Files.write(folder.resolve("video.mp4"), noise);
    ApplicationFolder read = ApplicationFolder.of(surroundings(Map.of()), folder, null);

    assertThatThrownBy(() -> ApplicationArchive.pack(read, 200_000))
        .isInstanceOfSatisfying(
            CommandFailure.class,
            failure -> {
              assertThat(failure.code()).isEqualTo("archive-too-large");
              assertThat(failure.details()).contains("video.mp4");
              assertThat(failure.next()).contains(".dbosignore");
            });
  }

  @Test
  void theBodyIsJsonOfTheLengthThatWasSaid() throws Exception {
    for (int size : List.of(0, 1, 2, 3, 48 * 1024 - 1, 48 * 1024, 48 * 1024 + 1, 200_000)) {
      byte[] noise = new byte[size];
      new Random(size).nextBytes(noise);
      Path zip = Files.write(outside.resolve("some.zip"), noise);
      ArchiveBody body =
          new ArchiveBody(
              new ApplicationArchive(zip, size, 1),
              Json.object().put("target_database_name", "a\"b"));
      byte[] sent;
      try (InputStream stream = body.open()) {
        sent = stream.readAllBytes();
      }

      assertThat(sent).hasSize(Math.toIntExact(body.length()));
      JsonNode json = Json.MAPPER.readTree(sent);
      assertThat(json.path("application_archive").binaryValue()).isEqualTo(noise);
      assertThat(json.path("target_database_name").asText()).isEqualTo("a\"b");
    }
  }

  @Test
  void aFullDiskIsNoFaultOfAFile() throws Exception {
    byte[] noise = new byte[100_000];
    new Random(1).nextBytes(noise);
    Files.write(folder.resolve("noise"), noise);
    ApplicationFolder read = ApplicationFolder.of(surroundings(Map.of()), folder, null);
    Path full = Files.createSymbolicLink(outside.resolve("a.zip"), Path.of("/dev/full"));

    assertThatThrownBy(
            () -> ApplicationArchive.pack(read, ApplicationArchive.list(read), 1 << 20, full))
        .isInstanceOfSatisfying(
            CommandFailure.class,
            it -> {
              assertThat(it.code()).isEqualTo("archive-unwritable");
              assertThat(it.message()).contains(full.toString(), "No space left");
            });
    assertThat(Files.exists(full, LinkOption.NOFOLLOW_LINKS)).isFalse();
  }

  @Test
  void whoIsInterruptedLeavesNoArchive() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Uploading.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said = process.inputReader(StandardCharsets.UTF_8)) {
      Path archive = Path.of(String.valueOf(said.readLine()));
      assertThat(archive).isNotEmptyFile();

      Signal.INTERRUPT.send(process.pid());

      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(archive).doesNotExist();
    } finally {
      process.destroyForcibly();
    }
  }

  /// Never gets to the end of it.
  static final class Uploading {

    public static void main(String[] arguments) throws Exception {
      Surroundings surroundings = Surroundings.ofProcess();
      try (ApplicationArchive archive =
          ApplicationArchive.pack(
              ApplicationFolder.of(surroundings, Path.of(arguments[0]), null))) {
        System.out.println(archive.file());
        new CountDownLatch(1).await();
      }
    }
  }

  private void file(String name, String content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.resolveSibling("."));
    Files.writeString(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
  }

  private List<String> listing(@Nullable String configFile) throws IOException {
    List<String> lines = new ArrayList<>();
    try (ApplicationArchive archive =
            ApplicationArchive.pack(
                ApplicationFolder.of(surroundings(Map.of()), folder, configFile));
        ZipFile zip = ZipFile.builder().setPath(archive.file()).get()) {
      for (ZipArchiveEntry entry : Collections.list(zip.getEntriesInPhysicalOrder())) {
        assertThat(entry.getPlatform()).isEqualTo(ZipArchiveEntry.PLATFORM_UNIX);
        assertThat(entry.getMethod()).isEqualTo(ZipArchiveEntry.DEFLATED);
        lines.add(Integer.toOctalString(entry.getUnixMode()) + " " + entry.getName());
      }
      assertThat(archive.files()).isEqualTo(lines.size());
    }
    return lines;
  }

  private byte[] bytes() throws IOException {
    try (ApplicationArchive archive =
        ApplicationArchive.pack(ApplicationFolder.of(surroundings(Map.of()), folder, null))) {
      return Files.readAllBytes(archive.file());
    }
  }

  private static String content(ApplicationFolder from, String name) throws IOException {
    try (ApplicationArchive archive = ApplicationArchive.pack(from);
        ZipFile zip = ZipFile.builder().setPath(archive.file()).get();
        InputStream content = zip.getInputStream(zip.getEntry(name))) {
      return new String(content.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private Surroundings surroundings(Map<String, String> environment) {
    return new Surroundings(
        environment,
        folder,
        new ByteArrayInputStream(new byte[0]),
        System.out,
        System.err,
        Set.of(),
        folder);
  }
}
