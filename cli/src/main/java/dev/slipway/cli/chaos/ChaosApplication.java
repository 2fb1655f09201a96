package dev.slipway.cli.chaos;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// The application that is deployed: Node's own server, and migrations without a package, so that
/// nothing has to be installed. Its code is among this command's resources.
final class ChaosApplication {

  private static final List<String> FILES =
      List.of(
          "dbos-config.yaml",
          "main.js",
          "migrate.js",
          "package-lock.json",
          "package.json",
          "postgres.js");

  private ChaosApplication() {}

  /// An archive in Base64; the same for the same parameters.
  ///
  /// @param step   how many migrations it has
  /// @param broken whether what runs the migrations fails after the last
  static String archive(int step, boolean broken) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (String name : FILES) {
        try (InputStream file =
            Objects.requireNonNull(
                ChaosApplication.class.getResourceAsStream("application/" + name), name)) {
          add(zip, name, file::transferTo);
        }
      }
      add(zip, "step.txt", out -> out.write(text(step)));
      add(zip, "broken.txt", out -> out.write(text(broken)));
    } catch (IOException impossible) {
      throw new UncheckedIOException("an archive in memory", impossible);
    }
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  /// Writes one file.
  private interface Content {
    void to(OutputStream out) throws IOException;
  }

  private static void add(ZipOutputStream zip, String name, Content content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setTimeLocal(java.time.LocalDateTime.of(2026, 1, 1, 0, 0));
    zip.putNextEntry(entry);
    content.to(zip);
    zip.closeEntry();
  }

  private static byte[] text(Object value) {
    return value.toString().getBytes(StandardCharsets.UTF_8);
  }
}
