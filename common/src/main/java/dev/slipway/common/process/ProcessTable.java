package dev.slipway.common.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// What the kernel says of processes. Looking changes nothing, so the service does it itself.
public final class ProcessTable {

  private static final Path PROC = Path.of("/proc");

  private ProcessTable() {}

  /// @param start in clock ticks since boot; with the number it names a process for ever
  public record Entry(long pid, char state, long session, String start) {

    /// A zombie is dead although signals still reach it.
    public boolean alive() {
      return state != 'Z' && state != 'X';
    }
  }

  public static Optional<Entry> find(long pid) {
    String line;
    try {
      line = Files.readString(PROC.resolve(pid + "/stat"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return Optional.empty();
    }
    // The command's name may hold blanks and parentheses; nothing after it does.
    String[] fields = line.substring(line.lastIndexOf(')') + 2).strip().split(" ", -1);
    return Optional.of(new Entry(pid, fields[0].charAt(0), Long.parseLong(fields[3]), fields[19]));
  }

  public static boolean alive(long pid, String start) {
    return find(pid).filter(entry -> entry.alive() && entry.start().equals(start)).isPresent();
  }

  public static List<Long> all() throws IOException {
    var pids = new ArrayList<Long>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path entry : entries) {
        pids.add(Long.parseLong(entry.getFileName().toString()));
      }
    }
    return pids;
  }

  /// Where the process works; or, where the kernel does not let us see that, its command line,
  /// which names the same folder for a server and nothing for a dead process.
  public static String whereabouts(long pid) {
    try {
      return Files.readSymbolicLink(PROC.resolve(pid + "/cwd")).toString();
    } catch (IOException e) {
      try {
        return Files.readString(PROC.resolve(pid + "/cmdline"), StandardCharsets.ISO_8859_1)
            .replace('\0', ' ');
      } catch (IOException gone) {
        return "";
      }
    }
  }

  /// Ends a process we started and every other one of its session. An interrupt meanwhile is kept
  /// for later: what was begun here must not go on acting.
  public static void endSession(Process leader) throws IOException {
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      boolean others = killSession(leader.pid());
      try {
        ended = leader.waitFor(2, TimeUnit.MILLISECONDS) && !others;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean killSession(long leader) throws IOException {
    boolean found = false;
    for (long pid : all()) {
      Optional<Entry> entry = find(pid);
      if (entry.isPresent() && entry.get().session() == leader && entry.get().alive()) {
        found = true;
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      }
    }
    return found;
  }
}
