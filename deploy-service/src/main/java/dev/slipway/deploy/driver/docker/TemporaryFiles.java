package dev.slipway.deploy.driver.docker;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/// What passes through the service on its way from one container to another, or to a build: in the
/// folder of the applications, where a service that is a container itself has room.
final class TemporaryFiles {

  private static final Duration ABANDONED = Duration.ofHours(1);

  private final Path folder;

  /// @param applications the folder that has a folder for each application
  TemporaryFiles(Path applications) {
    this.folder = applications.resolve(".tmp");
  }

  /// A new one, which whoever asks for it removes.
  Path create() throws IOException {
    return Files.createTempFile(Files.createDirectories(folder), "version-", ".tar");
  }

  /// Removes what services that died have left there; other replicas may be at work.
  void removeAbandoned(Instant now) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        if (Files.getLastModifiedTime(file).toInstant().isBefore(now.minus(ABANDONED))) {
          Files.deleteIfExists(file);
        }
      }
    }
  }
}
