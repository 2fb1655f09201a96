package dev.slipway.instance.driver.process;

import dev.slipway.common.process.ProcessTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;

/// Finds processes of one test by what they are called with, and sends them signals.
final class Signals {

  private Signals() {}

  static void send(String signal, long pid) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  /// Sends a signal to every process of the session.
  static void sendToSession(String signal, long leader) throws IOException, InterruptedException {
    for (long pid : ProcessTable.all()) {
      if (ProcessTable.find(pid).filter(entry -> entry.session() == leader).isPresent()) {
        send(signal, pid);
      }
    }
  }

  static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1)
          .replace('\0', ' ');
    } catch (IOException e) {
      return "";
    }
  }

  /// The shell that a call runs, the leader of its session; none when the call ended before it was
  /// seen.
  static OptionalLong shell(String script, String words, Future<?> call) throws IOException {
    while (!call.isDone()) {
      for (long pid : ProcessTable.all()) {
        String line = commandLine(pid);
        if (line.contains(script)
            && line.contains(words)
            && ProcessTable.find(pid).filter(entry -> entry.session() == pid).isPresent()) {
          return OptionalLong.of(pid);
        }
      }
    }
    return OptionalLong.empty();
  }

  /// Processes that work in a folder.
  static List<Long> livingIn(Path folder) throws IOException {
    var pids = new ArrayList<Long>();
    for (long pid : ProcessTable.all()) {
      Optional<ProcessTable.Entry> entry = ProcessTable.find(pid);
      if (entry.isPresent()
          && entry.get().alive()
          && ProcessTable.whereabouts(pid).startsWith(folder + "/")) {
        pids.add(pid);
      }
    }
    return pids;
  }

  /// Waits without pause: what is waited for may last a millisecond only.
  static boolean spinUntil(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.onSpinWait();
    }
    return true;
  }
}
