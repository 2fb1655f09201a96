package dev.slipway.common.golden;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// A file in the repository that has to say what the code says.
///
/// With the system property `slipway.golden=write` the file is written instead of compared; read
/// the difference before committing it.
public final class GoldenFile {

  private static final String PROPERTY = "slipway.golden";

  private final Path path;

  private GoldenFile(Path path) {
    this.path = path;
  }

  /// A file of the module whose tests run.
  ///
  /// @param relative from the module's folder
  public static GoldenFile inModule(String relative) {
    return new GoldenFile(Path.of("").toAbsolutePath().resolve(relative));
  }

  /// A file of the repository.
  ///
  /// @param relative from the repository's folder
  public static GoldenFile inRepository(String relative) {
    return new GoldenFile(repository().resolve(relative));
  }

  /// Whether files are written instead of compared.
  public static boolean writing() {
    return "write".equals(System.getProperty(PROPERTY));
  }

  /// Fails when the file does not say this, or says it now.
  public void says(String text) {
    String wanted = text.endsWith("\n") ? text : text + '\n';
    if (writing()) {
      write(wanted);
      return;
    }
    assertThat(read())
        .as("%s; run the test with -D%s=write and review the difference", path, PROPERTY)
        .hasValue(wanted);
  }

  /// What the file says; empty when there is none.
  public Optional<String> read() {
    try {
      return Files.exists(path) ? Optional.of(Files.readString(path)) : Optional.empty();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /// Makes the file say this.
  public void write(String text) {
    try {
      Files.createDirectories(path.resolveSibling(".").normalize());
      Files.writeString(path, text);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static Path repository() {
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("mvnw"))) {
        return folder;
      }
    }
    throw new IllegalStateException("The tests do not run inside the repository");
  }
}
