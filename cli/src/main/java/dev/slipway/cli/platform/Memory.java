package dev.slipway.cli.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/// How much memory a process accounts for, shared pages divided among those who share them.
final class Memory {

  private Memory() {}

  /// In bytes; empty when the kernel does not tell.
  static OptionalLong proportionalSetSize(long pid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/smaps_rollup"))) {
        if (line.startsWith("Pss:")) {
          return OptionalLong.of(
              Long.parseLong(line.substring(4).replace("kB", "").strip()) * 1024);
        }
      }
    } catch (IOException | NumberFormatException hidden) {
      // Another user's process, or another system.
    }
    return OptionalLong.empty();
  }
}
