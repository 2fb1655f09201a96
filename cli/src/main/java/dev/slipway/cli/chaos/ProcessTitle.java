package dev.slipway.cli.chaos;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// What a process calls itself.
final class ProcessTitle {

  private ProcessTitle() {}

  static Optional<String> of(long pid) {
    try {
      return Optional.of(
              Files.readString(
                      Path.of("/proc", Long.toString(pid), "cmdline"), StandardCharsets.ISO_8859_1)
                  .replace('\0', ' ')
                  .strip())
          .filter(it -> !it.isEmpty());
    } catch (IOException gone) {
      return Optional.empty();
    }
  }
}
