package dev.slipway.cli.platform;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// One process for certain: its number and when it started. A number alone may belong to another
/// process by now, and after a reboot so may number and time, hence the identifier of the boot.
///
/// @param start opaque; equal for the same process only
record ProcessIdentity(long pid, String start) {

  private static final Path PROC = Path.of("/proc");
  private static final String BOOT = boot();

  /// The living process of that number. A zombie is dead: one whose parent does not reap it stays
  /// for ever.
  static Optional<ProcessIdentity> of(long pid) {
    if (Files.isDirectory(PROC.resolve("self"))) {
      return ofLinux(pid);
    }
    return ProcessHandle.of(pid)
        .filter(ProcessHandle::isAlive)
        .flatMap(handle -> handle.info().startInstant())
        .map(instant -> new ProcessIdentity(pid, instant.toString()));
  }

  static ProcessIdentity self() {
    long pid = ProcessHandle.current().pid();
    return of(pid).orElseThrow(() -> new IllegalStateException("this process is not alive"));
  }

  boolean alive() {
    return of(pid).filter(this::equals).isPresent();
  }

  void terminate() {
    if (alive()) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroy);
    }
  }

  void kill() {
    if (alive()) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  private static Optional<ProcessIdentity> ofLinux(long pid) {
    try {
      String status =
          Files.readString(
              PROC.resolve(Long.toString(pid)).resolve("stat"), StandardCharsets.ISO_8859_1);
      // The name before the state is in brackets and may itself hold brackets and spaces.
      String[] fields = status.substring(status.lastIndexOf(')') + 2).split(" ", -1);
      if (fields[0].equals("Z") || fields[0].equals("X")) {
        return Optional.empty();
      }
      return Optional.of(new ProcessIdentity(pid, BOOT + ":" + fields[19]));
    } catch (IOException gone) {
      return Optional.empty();
    }
  }

  private static String boot() {
    try {
      return Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip();
    } catch (IOException hidden) {
      return "";
    }
  }
}
