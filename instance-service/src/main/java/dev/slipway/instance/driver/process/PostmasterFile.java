package dev.slipway.instance.driver.process;

import dev.slipway.common.process.ProcessTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/// What a server says of itself in `postmaster.pid`. The file outlives a killed server, so it is
/// believed only together with a living process of that number that works in the data directory.
///
/// @param status `starting`, `ready`, `stopping`, `standby`; empty while the file is being written
record PostmasterFile(long pid, String status) {

  static Optional<PostmasterFile> read(Path data) throws IOException {
    String[] lines;
    try {
      lines =
          Files.readString(data.resolve("postmaster.pid"), StandardCharsets.ISO_8859_1)
              .split("\n", -1);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    try {
      long pid = Long.parseLong(lines[0].strip());
      return Optional.of(new PostmasterFile(pid, lines.length > 7 ? lines[7].strip() : ""));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  boolean ready() {
    return status.equals("ready");
  }

  /// Whether the process it names lives and is this directory's server.
  boolean alive(Path data) {
    return ProcessTable.find(pid).filter(ProcessTable.Entry::alive).isPresent()
        && ProcessTable.whereabouts(pid).contains(data.toString());
  }
}
