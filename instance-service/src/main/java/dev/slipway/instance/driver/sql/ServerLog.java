package dev.slipway.instance.driver.sql;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a server wrote since it was launched. It holds no statements and no passwords: the
/// settings see to that.
public record ServerLog(List<String> lines) {

  private static final int LONGEST = 64 * 1024;
  private static final int LAST_WORDS = 8;
  private static final Set<String> FATAL = Set.of("FATAL", "PANIC");
  /// Time, number, kind of process (absent until the settings have been read), level and text.
  private static final Pattern LINE =
      Pattern.compile(
          "^[0-9-]+ [0-9:.]+ \\S+ \\[[0-9]+\\] (?:(?<who>[a-z][a-z ]*) )?(?<text>(?<level>[A-Z]+): .*)$");

  /// @param offset where the log ended when the server was launched
  public static ServerLog since(Path log, long offset) {
    try (var file = new RandomAccessFile(log.toFile(), "r")) {
      long from = Math.max(Math.min(offset, file.length()), file.length() - LONGEST);
      byte[] bytes = new byte[(int) (file.length() - from)];
      file.seek(from);
      file.readFully(bytes);
      return new ServerLog(new String(bytes, StandardCharsets.UTF_8).lines().toList());
    } catch (IOException e) {
      return new ServerLog(List.of());
    }
  }

  public boolean contains(String text) {
    return lines.stream().anyMatch(line -> line.contains(text));
  }

  /// Whether the server itself gave up, and was not killed: what its clients were told does not
  /// count.
  public boolean hasFatalError() {
    return lines.stream().anyMatch(ServerLog::fatal);
  }

  private static boolean fatal(String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      // Not the server's own form: a loader or a shell says why there is none. Servers indent what
      // continues a line.
      return !line.isBlank() && !line.startsWith("\t");
    }
    @Nullable String who = matcher.group("who");
    boolean server = who == null || who.equals("postmaster") || who.equals("startup");
    return server && FATAL.contains(matcher.group("level"));
  }

  /// The last lines without the time, fit to be shown: folders of this machine are left out.
  public String lastWords(Path root) {
    return lines.subList(Math.max(0, lines.size() - LAST_WORDS), lines.size()).stream()
        .map(
            line -> {
              Matcher matcher = LINE.matcher(line);
              return (matcher.matches() ? matcher.group("text") : line)
                  .replace(root + "/", "")
                  .strip();
            })
        .collect(Collectors.joining("; "));
  }
}
