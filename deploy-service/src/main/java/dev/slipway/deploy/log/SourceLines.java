package dev.slipway.deploy.log;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The lines of one source, over its files from the oldest to the newest. All files are opened at
/// the beginning, so that a rotation takes none away; times never go back.
final class SourceLines implements AutoCloseable {

  /// What is longer is cut.
  static final int LONGEST_LINE = 16 * 1024;

  private final String version;
  private final String source;
  private final List<Opened> files = new ArrayList<>();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(256);
  private int current;
  private Instant latest = Instant.MIN;

  SourceLines(String version, String source, List<Path> paths) throws IOException {
    this.version = version;
    this.source = source;
    for (Path path : paths) {
      try {
        files.add(
            new Opened(
                Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant(),
                new BufferedInputStream(
                    Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS), 1 << 16)));
      } catch (NoSuchFileException rotatedAway) {
        // Its lines are the oldest there were, or already in a file that follows.
      }
    }
  }

  String version() {
    return version;
  }

  String source() {
    return source;
  }

  /// Leaves out files that were last written before an instant; lines are not looked at.
  void skipBefore(Instant at) {
    while (current < files.size() - 1 && files.get(current).written().isBefore(at)) {
      current++;
    }
  }

  /// The next whole line; null when there is none at the moment.
  @Nullable LogLine next() throws IOException {
    while (current < files.size()) {
      if (!readLine(files.get(current).input())) {
        current++;
        continue;
      }
      LogLine parsed = parse(line.toString(StandardCharsets.UTF_8));
      if (parsed != null) {
        return parsed;
      }
    }
    return null;
  }

  /// @return false at the end; what was begun there and not ended is no line yet
  private boolean readLine(InputStream input) throws IOException {
    line.reset();
    for (int letter = input.read(); letter >= 0; letter = input.read()) {
      if (letter == '\n') {
        return true;
      }
      if (line.size() < LONGEST_LINE) {
        line.write(letter);
      }
    }
    return false;
  }

  /// What is no line of the platform's, such as one torn by a crash, is passed over.
  private @Nullable LogLine parse(String text) {
    int space = text.indexOf(' ');
    if (space < 0) {
      return null;
    }
    try {
      Instant at = Instant.parse(text.substring(0, space)).truncatedTo(ChronoUnit.MICROS);
      // A clock that was set back would hide lines from whoever reads on from a later time.
      latest = at.isBefore(latest) ? latest : at;
      return new LogLine(latest, version, source, clean(text.substring(space + 1)));
    } catch (DateTimeException torn) {
      return null;
    }
  }

  private static String clean(String text) {
    String plain = text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    return plain.replace('\r', ' ');
  }

  @Override
  public void close() throws IOException {
    for (Opened file : files) {
      file.input().close();
    }
  }

  private record Opened(Instant written, InputStream input) {}
}
