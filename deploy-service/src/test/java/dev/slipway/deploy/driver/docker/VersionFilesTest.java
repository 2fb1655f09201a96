package dev.slipway.deploy.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What lies in a version's container from the beginning.
final class VersionFilesTest {

  @TempDir Path folder;

  private Map<String, String> written(Path authority, Path machine) throws IOException {
    var target = new ByteArrayOutputStream();
    try (var archive = VersionFiles.archive(target)) {
      VersionFiles.own(archive, "/srv", authority, machine);
    }
    Map<String, String> files = new TreeMap<>();
    try (var archive = new TarArchiveInputStream(new ByteArrayInputStream(target.toByteArray()))) {
      for (TarArchiveEntry entry = archive.getNextEntry();
          entry != null;
          entry = archive.getNextEntry()) {
        if (entry.isFile()) {
          files.put(
              '/' + entry.getName(), new String(archive.readAllBytes(), StandardCharsets.UTF_8));
        }
      }
    }
    return files;
  }

  @Test
  void whatTheMachineTrustsIsThereWithoutItsKeys() throws Exception {
    Path authority = Files.writeString(folder.resolve("ca.pem"), "the platform's authority\n");
    Path machine =
        Files.writeString(
            folder.resolve("machine.pem"),
            """
            -----BEGIN PRIVATE KEY-----
            a secret of the machine
            -----END PRIVATE KEY-----
            -----BEGIN CERTIFICATE-----
            one authority
            -----END CERTIFICATE-----
            -----BEGIN TRUSTED CERTIFICATE-----
            another
            -----END TRUSTED CERTIFICATE-----
            """);

    Map<String, String> files = written(authority, machine);

    assertThat(files.get(VersionFiles.AUTHORITY)).isEqualTo("the platform's authority\n");
    assertThat(files.get(VersionFiles.TRUSTED))
        .contains("the platform's authority", "one authority", "another")
        .doesNotContain("PRIVATE", "secret");
    assertThat(files.get("/srv/.slipway/ca.pem")).isEqualTo("the platform's authority\n");
  }
}
