package dev.slipway.deploy.log;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Reads what applications have written, from the files that [LogLine] describes.
///
/// Safe to use from any thread, while lines are being written and files rotated.
@Singleton
public final class LogReader {

  static final int MOST_LINES = 10_000;

  /// A page is one string in memory; it ends early rather than grow beyond this.
  private static final int LARGEST_PAGE = 1 << 20;

  private static final Pattern APPLICATION = Pattern.compile("app_[0-9a-z]{26}");
  private static final Pattern VERSION = Pattern.compile("[0-9]{1,19}");
  private static final Pattern SOURCE = Pattern.compile("exe_[0-9a-z]{26}|[a-z][a-z0-9-]{0,40}");
  private static final Pattern FILE =
      Pattern.compile(
          "([0-9]{1,19})\\.(exe_[0-9a-z]{26}|[a-z][a-z0-9-]{0,40})\\.log(?:\\.([0-9]{1,4}))?");
  private static final DateTimeFormatter SHOWN =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS").withZone(ZoneOffset.UTC);

  private final Path applications;
  private final InstantSource clock;

  @Inject
  public LogReader(@ConfigProperty(name = "slipway.applications.directory") Path applications) {
    this(applications, InstantSource.system());
  }

  LogReader(Path applications, InstantSource clock) {
    this.applications = applications;
    this.clock = clock;
  }

  /// One page of an application's lines, of all versions and sources, in the order of their times;
  /// of equal times, in the order of versions and sources, and as they were written.
  ///
  /// @param application `app_…`
  /// @param cursor      `nextTimestamp` of the page before; absent for the first page
  /// @param last        no older lines than this; absent for all
  /// @param limit       lines, 1 to 10,000
  /// @throws IllegalArgumentException with a public message when cursor or limit are not what they
  ///     should be
  public Page page(String application, @Nullable String cursor, @Nullable Duration last, int limit)
      throws IOException {
    if (limit < 1 || limit > MOST_LINES) {
      throw new IllegalArgumentException("limit must be from 1 to 10000");
    }
    LogCursor from = cursor == null ? first(last) : LogCursor.parse(cursor);
    var body = new StringBuilder();
    LogCursor next = from;
    try (var merge = new Merge(application, from)) {
      for (int lines = 0; lines < limit && body.length() < LARGEST_PAGE; lines++) {
        LogLine line = merge.next();
        if (line == null) {
          return new Page(true, body.toString(), next.toString());
        }
        body.append(render(line)).append('\n');
        next = next.after(line);
      }
      return new Page(merge.isEmpty(), body.toString(), next.toString());
    } catch (UncheckedIOException failure) {
      throw failure.getCause();
    }
  }

  private LogCursor first(@Nullable Duration last) {
    if (last == null || last.isNegative() || last.isZero()) {
      return LogCursor.of(Instant.EPOCH);
    }
    Instant now = clock.instant();
    // Longer than there have been computers is the same as all.
    return LogCursor.of(
        last.compareTo(Duration.between(Instant.EPOCH, now)) >= 0
            ? Instant.EPOCH
            : now.minus(last));
  }

  /// The last lines of one source, the oldest first.
  ///
  /// @param source the name of a run, or an executor's identifier
  public List<LogLine> tail(String application, String version, String source, int lines)
      throws IOException {
    if (!VERSION.matcher(version).matches() || !SOURCE.matcher(source).matches()) {
      throw new IllegalArgumentException("not the name of a source");
    }
    if (lines < 1 || lines > MOST_LINES) {
      throw new IllegalArgumentException("lines must be from 1 to 10000");
    }
    Deque<LogLine> tail = new ArrayDeque<>();
    long characters = 0;
    for (Source found : sources(application)) {
      if (!found.version().equals(version) || !found.name().equals(source)) {
        continue;
      }
      try (var reading = new SourceLines(found.version(), found.name(), found.files())) {
        for (LogLine line = reading.next(); line != null; line = reading.next()) {
          tail.addLast(line);
          characters += line.text().length();
          while (tail.size() > lines || (characters > LARGEST_PAGE && tail.size() > 1)) {
            characters -= tail.removeFirst().text().length();
          }
        }
      }
    }
    return List.copyOf(tail);
  }

  /// The last line that any of some sources has written, of whatever version; what was last written
  /// before that time does not count.
  public Optional<LogLine> newest(String application, Set<String> names, Instant since)
      throws IOException {
    Optional<LogLine> newest = Optional.empty();
    for (Source source : sources(application)) {
      if (names.contains(source.name()) && writtenSince(source, since)) {
        for (LogLine line : tail(application, source.version(), source.name(), 1)) {
          if (!line.at().isBefore(since)
              && newest.filter(other -> !line.at().isAfter(other.at())).isEmpty()) {
            newest = Optional.of(line);
          }
        }
      }
    }
    return newest;
  }

  private static boolean writtenSince(Source source, Instant since) throws IOException {
    try {
      return !Files.getLastModifiedTime(source.files().getLast()).toInstant().isBefore(since);
    } catch (NoSuchFileException rotated) {
      return true;
    }
  }

  /// One line for people: `2026-01-31 12:00:00.123 [exe_…] text`.
  static String render(LogLine line) {
    return SHOWN.format(line.at()) + " [" + line.source() + "] " + line.text();
  }

  /// In the order of version and name, each with its files, the oldest first.
  private List<Source> sources(String application) throws IOException {
    if (!APPLICATION.matcher(application).matches()) {
      throw new IllegalArgumentException("not the identifier of an application");
    }
    Map<String, List<Numbered>> files = new HashMap<>();
    Map<String, Source> sources = new HashMap<>();
    Path folder = applications.resolve(application).resolve("log");
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      for (Path file : all) {
        Matcher name = FILE.matcher(file.getFileName().toString());
        // Applications may write beside their folder only what the runtime lets them; a link is
        // never the platform's.
        if (name.matches() && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          String key = name.group(1) + '.' + name.group(2);
          int number = name.group(3) == null ? 0 : Integer.parseInt(name.group(3));
          files.computeIfAbsent(key, added -> new ArrayList<>()).add(new Numbered(number, file));
          sources.putIfAbsent(key, new Source(name.group(1), name.group(2), List.of()));
        }
      }
    } catch (NoSuchFileException nothingYet) {
      return List.of();
    }
    return sources.entrySet().stream()
        .map(
            entry ->
                new Source(
                    entry.getValue().version(),
                    entry.getValue().name(),
                    files.getOrDefault(entry.getKey(), List.of()).stream()
                        .sorted(Comparator.comparingInt(Numbered::number).reversed())
                        .map(Numbered::file)
                        .toList()))
        .sorted(Comparator.comparing(Source::version).thenComparing(Source::name))
        .toList();
  }

  private record Numbered(int number, Path file) {}

  private record Source(String version, String name, List<Path> files) {}

  /// A page.
  ///
  /// @param end           whether there is nothing more at the moment
  /// @param body          the lines, as people read them
  /// @param nextTimestamp where the next page begins; opaque
  public record Page(boolean end, String body, String nextTimestamp) {}

  /// All sources at once, one line of each in memory.
  private final class Merge implements AutoCloseable {

    private final PriorityQueue<Head> heads =
        new PriorityQueue<>(
            Comparator.comparing((Head head) -> head.line().at())
                .thenComparing(head -> head.line().version())
                .thenComparing(head -> head.line().source()));
    private final List<SourceLines> opened = new ArrayList<>();
    private final LogCursor from;

    Merge(String application, LogCursor from) throws IOException {
      this.from = from;
      for (Source source : sources(application)) {
        var lines = new SourceLines(source.version(), source.name(), source.files());
        opened.add(lines);
        lines.skipBefore(from.at());
        skipSeen(lines);
      }
    }

    /// Of the lines at the very instant of the cursor, so many were on earlier pages.
    private void skipSeen(SourceLines lines) throws IOException {
      int seen = from.seen(lines.version(), lines.source());
      LogLine line = lines.next();
      while (line != null && line.at().compareTo(from.at()) <= 0) {
        if (line.at().equals(from.at()) && seen-- <= 0) {
          break;
        }
        line = lines.next();
      }
      if (line != null) {
        heads.add(new Head(line, lines));
      }
    }

    @Nullable LogLine next() throws IOException {
      Head head = heads.poll();
      if (head == null) {
        return null;
      }
      LogLine following = head.lines().next();
      if (following != null) {
        heads.add(new Head(following, head.lines()));
      }
      return head.line();
    }

    boolean isEmpty() {
      return heads.isEmpty();
    }

    @Override
    public void close() throws IOException {
      for (SourceLines lines : opened) {
        lines.close();
      }
    }
  }

  private record Head(LogLine line, SourceLines lines) {}
}
