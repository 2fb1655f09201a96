package dev.slipway.deploy.driver.process;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.driver.RuntimeArguments;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Reads texts out of a folder whose owner may change it meanwhile: every part of the path is
/// opened below the one before, and none of them may be a link.
final class VersionText {

  private VersionText() {}

  static Optional<String> read(Path folder, List<String> parts) throws DriverFailure {
    try (DirectoryStream<Path> top = Files.newDirectoryStream(folder)) {
      if (!(top instanceof SecureDirectoryStream<Path> secure)) {
        throw new IOException("this file system cannot open a file below an open folder");
      }
      return read(secure, parts);
    } catch (NoSuchFileException | NotDirectoryException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new DriverFailure.Permanent("unreadable", "a file of the version cannot be read", e);
    }
  }

  private static Optional<String> read(SecureDirectoryStream<Path> folder, List<String> parts)
      throws IOException, DriverFailure {
    Path name = Path.of(parts.getFirst());
    BasicFileAttributeView view =
        folder.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    if (parts.size() > 1) {
      if (!view.readAttributes().isDirectory()) {
        return Optional.empty();
      }
      try (SecureDirectoryStream<Path> below =
          folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
        return read(below, parts.subList(1, parts.size()));
      }
    }
    if (!view.readAttributes().isRegularFile()) {
      return Optional.empty();
    }
    try (SeekableByteChannel channel =
        folder.newByteChannel(name, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      if (channel.size() > RuntimeArguments.LONGEST_TEXT) {
        throw new DriverFailure.Permanent("too-long", "%s is longer than 4 MiB".formatted(name));
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) channel.size());
      while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
        // A channel may give less than was asked for.
      }
      return Optional.of(new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8));
    }
  }
}
