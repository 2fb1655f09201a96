package dev.slipway.localstack;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What a running server writes about itself into `postmaster.pid`: a claim, to be proven by
/// [ServerProcesses].
record PostmasterFile(long pid, String status) {

  static Path in(Path directory) {
    return directory.resolve("postmaster.pid");
  }

  /// Empty when there is no file, or one that is only half written.
  static Optional<PostmasterFile> read(Path directory) {
    try {
      List<String> lines = Files.readAllLines(in(directory), StandardCharsets.ISO_8859_1);
      if (lines.isEmpty()) {
        return Optional.empty();
      }
      // The eighth line comes last, once the server knows its state.
      String status = lines.size() < 8 ? "starting" : lines.get(7).strip();
      return Optional.of(new PostmasterFile(Long.parseLong(lines.getFirst().strip()), status));
    } catch (IOException | NumberFormatException absent) {
      return Optional.empty();
    }
  }

  boolean ready() {
    return status.equals("ready");
  }

  boolean stopping() {
    return status.equals("stopping");
  }
}
