package dev.slipway.localstack;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The Postgres processes of one data directory, found by asking the kernel.
///
/// A process belongs to the directory when it works in it and its program is `postgres`. A number
/// in a file proves nothing: it may name a process that has died, or another one that was given the
/// number since.
final class ServerProcesses {

  private final Path directory;
  private final ServerAccount account;

  ServerProcesses(Path directory, ServerAccount account) {
    this.directory = directory;
    this.account = account;
  }

  /// The process of that number, if it lives and belongs to the data directory.
  Optional<ProcessHandle> find(long pid) {
    // The handle is taken first: it remembers the start time, so what is signalled later is what
    // was looked at here.
    return ProcessHandle.of(pid).filter(handle -> living(handle) && belongs(pid));
  }

  List<ProcessHandle> all() throws IOException {
    try (Stream<Path> entries = Files.list(Path.of("/proc"))) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> name.chars().allMatch(Character::isDigit))
          .map(Long::parseLong)
          .map(this::find)
          .flatMap(Optional::stream)
          .toList();
    }
  }

  /// Ends what a dead postmaster left behind: a busy backend runs on, and no new server starts
  /// beside it.
  void endAll() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    for (List<ProcessHandle> left = all(); !left.isEmpty(); left = all()) {
      if (System.nanoTime() > deadline) {
        throw new IOException(
            "Postgres processes of "
                + directory
                + " do not end: "
                + left.stream().map(ProcessHandle::pid).toList());
      }
      left.forEach(ProcessHandle::destroyForcibly);
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  /// Whether the process is there and is more than a zombie. One whose parent does not reap it
  /// stays a zombie for ever, and still receives signals.
  static boolean living(ProcessHandle handle) {
    if (!handle.isAlive()) {
      return false;
    }
    try {
      String status =
          Files.readString(Path.of("/proc/" + handle.pid() + "/stat"), StandardCharsets.ISO_8859_1);
      // The name before the state is in brackets and may itself hold brackets and spaces.
      char state = status.charAt(status.lastIndexOf(')') + 2);
      return state != 'Z' && state != 'X';
    } catch (IOException gone) {
      return false;
    }
  }

  /// Sends a signal by name, which the JDK cannot: it knows TERM and KILL only.
  static void signal(ProcessHandle handle, String name) throws IOException, InterruptedException {
    new ProcessBuilder("sh", "-c", "kill -\"$1\" \"$2\"", "sh", name, Long.toString(handle.pid()))
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  /// Waits until the process is gone; answers whether it is.
  static boolean awaitEnd(ProcessHandle handle, Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (living(handle)) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(5);
    }
    return true;
  }

  private boolean belongs(long pid) {
    try {
      Path entry = Path.of("/proc/" + pid);
      if (ServerAccount.userOf(entry) != account.user()) {
        return false;
      }
      return directory.equals(Path.of(link(entry.resolve("cwd"))))
          && isPostgres(Path.of(link(entry.resolve("exe"))));
    } catch (IOException gone) {
      return false;
    }
  }

  private static boolean isPostgres(Path program) {
    // The kernel marks a program whose file was replaced since, as an upgrade does.
    String name = program.getFileName().toString();
    return name.equals("postgres") || name.equals("postgres (deleted)");
  }

  private String link(Path link) throws IOException {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (AccessDeniedException refused) {
      if (!account.separate()) {
        throw refused;
      }
      // Root without the capability to trace, as in a container, may not look; the server's own
      // user may.
      return asServer(link);
    }
  }

  private String asServer(Path link) throws IOException {
    Process reader =
        new ProcessBuilder(account.run(List.of("readlink", "--", link.toString())))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String target =
        new String(reader.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (target.isEmpty()) {
      throw new NoSuchFileException(link.toString());
    }
    return target;
  }
}
