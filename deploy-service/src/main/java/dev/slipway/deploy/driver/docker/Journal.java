package dev.slipway.deploy.driver.docker;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One file of lines that an application has written, each with the time at which the engine had
/// it.
///
/// Whoever has it open is the only one who writes, in whatever process. The time of its last line
/// tells the next one where to go on, so that nothing is written twice and nothing left out.
final class Journal implements AutoCloseable {

  private static final long LONGEST = 10L << 20;
  private static final int ROTATED = 4;

  private final Path file;
  private final FileChannel guard;
  private final FileLock lock;
  private FileChannel channel;
  private Instant last;
  private long lines;

  private Journal(Path file, FileChannel guard, FileLock lock, Instant since) throws IOException {
    this.file = file;
    this.guard = guard;
    this.lock = lock;
    this.channel = open(file);
    endLine();
    this.last = since;
    for (Line line : read(file)) {
      if (line.at().isAfter(since)) {
        lines++;
      }
      last = line.at().isAfter(last) ? line.at() : last;
    }
  }

  /// A crash may have cut a line off; what follows is no part of it.
  private void endLine() throws IOException {
    long size = channel.size();
    if (size > 0) {
      ByteBuffer end = ByteBuffer.allocate(1);
      try (FileChannel reading = FileChannel.open(file, StandardOpenOption.READ)) {
        reading.read(end, size - 1);
      }
      if (end.get(0) != '\n') {
        channel.write(ByteBuffer.wrap(new byte[] {'\n'}));
      }
    }
  }

  /// A line with its time.
  record Line(Instant at, String text) {}

  /// Opens it for writing; empty while another has it.
  ///
  /// @param since no line from before this moment is to be written
  static Optional<Journal> tryOpen(Path file, Instant since) throws IOException {
    Files.createDirectories(file.getParent());
    FileChannel guard =
        FileChannel.open(
            file.resolveSibling("." + file.getFileName() + ".lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE);
    @Nullable FileLock lock = null;
    try {
      lock = guard.tryLock();
    } catch (OverlappingFileLockException mine) {
      // Another of this process has it.
    }
    if (lock == null) {
      guard.close();
      return Optional.empty();
    }
    return Optional.of(new Journal(file, guard, lock, since));
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /// When the last line was written that is there; or else the moment it was opened for.
  Instant last() {
    return last;
  }

  /// How many lines there are since it was opened for a moment.
  long lines() {
    return lines;
  }

  /// Writes a line unless it, or a later one, was written before.
  void write(Instant at, String text) throws IOException {
    if (!at.isAfter(last)) {
      return;
    }
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(at + " " + text + "\n");
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    last = at;
    lines++;
    if (channel.size() >= LONGEST) {
      rotate();
    }
  }

  private void rotate() throws IOException {
    channel.close();
    for (int number = ROTATED - 1; number > 0; number--) {
      Path older = file.resolveSibling(file.getFileName() + "." + number);
      if (Files.exists(older)) {
        Files.move(
            older,
            file.resolveSibling(file.getFileName() + "." + (number + 1)),
            StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Files.move(
        file, file.resolveSibling(file.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
    channel = open(file);
  }

  /// The lines of a file, without one that is being written.
  private static List<Line> read(Path file) throws IOException {
    var found = new ArrayList<Line>();
    if (Files.exists(file)) {
      try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
          int space = line.indexOf(' ');
          if (space > 0) {
            try {
              found.add(
                  new Line(
                      Instant.parse(line.substring(0, space)),
                      new String(
                          line.substring(space + 1).getBytes(StandardCharsets.ISO_8859_1),
                          StandardCharsets.UTF_8)));
            } catch (DateTimeException torn) {
              // Cut off by a crash.
            }
          }
        }
      }
    }
    return found;
  }

  /// The last texts after a moment, over the last two files.
  static List<String> tail(Path file, Instant since, int lines) throws IOException {
    Deque<String> last = new ArrayDeque<>();
    for (Path part : List.of(file.resolveSibling(file.getFileName() + ".1"), file)) {
      for (Line line : read(part)) {
        if (line.at().isAfter(since)) {
          last.addLast(line.text());
          if (last.size() > lines) {
            last.removeFirst();
          }
        }
      }
    }
    return List.copyOf(last);
  }

  @Override
  public void close() throws IOException {
    channel.close();
    lock.release();
    guard.close();
  }
}
