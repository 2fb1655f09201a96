package dev.slipway.deploy.driver.process;

import dev.slipway.common.process.ProcessTable;
import dev.slipway.deploy.driver.CommandRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a supervisor says in its folder; see `supervise.sh`. Looking changes nothing.
///
/// @param folder `runs/VERSION.NAME`
/// @param boot   of this machine
record RunFolder(Path folder, String boot) {

  private static final int STAMP = "2026-01-31T12:00:00.123456Z".length();

  /// How an executor was when its supervisor last said so.
  ///
  /// @param running  or else waiting for its next start
  /// @param since    in seconds, as the supervisor writes it
  /// @param restarts how often it was started again
  /// @param status   with which it ended, when it waits
  record State(boolean running, String since, int restarts, int status) {}

  private Optional<String> text(String file) throws IOException {
    try {
      String text = Files.readString(folder.resolve(file), StandardCharsets.ISO_8859_1).strip();
      return text.isEmpty() ? Optional.empty() : Optional.of(text);
    } catch (java.nio.file.NoSuchFileException e) {
      return Optional.empty();
    }
  }

  boolean supervised() throws IOException {
    String[] words = text("identity").orElse("").split(" ", -1);
    return words.length == 3
        && words[2].equals(boot)
        && ProcessTable.alive(Long.parseLong(words[0]), words[1]);
  }

  CommandRun look() throws IOException {
    Optional<String> status = text("status");
    if (status.isEmpty()) {
      if (text("identity").isEmpty()) {
        return new CommandRun.Absent();
      }
      if (supervised()) {
        return new CommandRun.Running(Long.parseLong(text("lines").orElse("0")));
      }
      // It may have ended between the two looks.
      status = text("status");
    }
    return status
        .<CommandRun>map(text -> new CommandRun.Exited(Integer.parseInt(text)))
        .orElseGet(CommandRun.Vanished::new);
  }

  @Nullable State state() throws IOException {
    String[] words = text("state").orElse("").split(" ", -1);
    if (words.length < 3) {
      return null;
    }
    return new State(
        words[0].equals("running"),
        words[1],
        Integer.parseInt(words[2]),
        words.length > 3 ? Integer.parseInt(words[3]) : 0);
  }

  /// The last lines of a log, without their times, of this run only while it is known.
  List<String> tail(Path log, int lines) throws IOException {
    String since = text("begun").orElse("");
    Deque<String> last = new ArrayDeque<>();
    for (Path file : List.of(log.resolveSibling(log.getFileName() + ".1"), log)) {
      if (!Files.exists(file)) {
        continue;
      }
      try (var stream = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
        for (String line = stream.readLine(); line != null; line = stream.readLine()) {
          if (line.length() > STAMP && line.substring(0, STAMP).compareTo(since) >= 0) {
            last.addLast(line);
            if (last.size() > lines) {
              last.removeFirst();
            }
          }
        }
      }
    }
    var texts = new ArrayList<String>();
    for (String line : last) {
      texts.add(
          new String(
              line.substring(STAMP + 1).getBytes(StandardCharsets.ISO_8859_1),
              StandardCharsets.UTF_8));
    }
    return texts;
  }
}
