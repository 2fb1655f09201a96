package dev.slipway.cli.platform;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// The log of one process, which writes it by itself: the file is appended to, so it can be emptied
/// under the writer's hands. Lines written in between are lost, of some ten thousand.
record LogFile(Path path) {

  private static final long LARGEST = 16L << 20;
  private static final int TAIL = 16 << 10;

  /// Moves the content aside when there is much of it. Two generations are kept.
  void rotate() throws IOException {
    if (Files.exists(path) && Files.size(path) > LARGEST) {
      Path older = path.resolveSibling(path.getFileName() + ".1");
      Files.copy(path, older, StandardCopyOption.REPLACE_EXISTING);
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
        channel.truncate(0);
      }
    }
  }

  /// The last lines, as far as the file can be read.
  List<String> tail(int lines) {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      long from = Math.max(0, file.length() - TAIL);
      file.seek(from);
      byte[] bytes = new byte[(int) (file.length() - from)];
      file.readFully(bytes);
      List<String> all = new String(bytes, StandardCharsets.UTF_8).lines().toList();
      return all.subList(Math.max(0, all.size() - lines), all.size());
    } catch (IOException unreadable) {
      return List.of();
    }
  }
}
