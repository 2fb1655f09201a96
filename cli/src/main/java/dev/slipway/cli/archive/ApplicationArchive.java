package dev.slipway.cli.archive;

import dev.slipway.cli.console.CommandFailure;
import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.jspecify.annotations.Nullable;

/// A folder packed for deploying: a ZIP in a temporary file, which is removed on closing, and at
/// the latest when the process ends.
///
/// Its files have their permissions and their time; what a link leads to is packed in its place;
/// folders are there only because of files in them. The same folder gives the same bytes.
///
/// @param file  where it is
/// @param size  in bytes
/// @param files how many are in it
public record ApplicationArchive(Path file, long size, int files) implements AutoCloseable {

  /// The platform takes no larger one.
  static final long LARGEST = 500L * 1024 * 1024;

  private static final int REGULAR_FILE = 0100000;

  /// The first day that a ZIP knows, for files that have no time.
  private static final FileTime EARLIEST = FileTime.fromMillis(315_619_200_000L);

  public static ApplicationArchive pack(ApplicationFolder folder) throws IOException {
    return pack(folder, LARGEST);
  }

  static ApplicationArchive pack(ApplicationFolder folder, long largest) throws IOException {
    // Listed first, as the folder may be the one of temporary files.
    List<Found> found = list(folder);
    return pack(folder, found, largest, Files.createTempFile("slipway-", ".zip"));
  }

  /// @param zip an empty file that is to become the archive
  static ApplicationArchive pack(
      ApplicationFolder folder, List<Found> found, long largest, Path zip) throws IOException {
    zip.toFile().deleteOnExit();
    try {
      try (OutputStream content =
              new Limited(new BufferedOutputStream(Files.newOutputStream(zip)), largest);
          ZipArchiveOutputStream out = new ZipArchiveOutputStream(content)) {
        out.setUseZip64(Zip64Mode.AsNeeded);
        out.setEncoding(StandardCharsets.UTF_8.name());
        for (Found one : found) {
          add(out, one);
        }
        if (folder.configuration().isPresent()) {
          add(out, folder.configuration().get());
        }
      } catch (TooLarge tooLarge) {
        throw refused(found, largest);
      } catch (IOException full) {
        throw CommandFailure.failed(
                "archive-unwritable",
                "the archive cannot be written to %s: %s".formatted(zip, full.getMessage()))
            .next("Make room there, then try again.")
            .cause(full)
            .build();
      }
      int count = found.size() + (folder.configuration().isPresent() ? 1 : 0);
      return new ApplicationArchive(zip, Files.size(zip), count);
    } catch (IOException | RuntimeException failure) {
      Files.deleteIfExists(zip);
      throw failure;
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
  }

  /// One file that is packed.
  record Found(String name, Path path, long size) {}

  static List<Found> list(ApplicationFolder folder) throws IOException {
    List<Found> found = new ArrayList<>();
    IgnoreRules rules = IgnoreRules.of(folder.path());
    list(folder.path(), "", rules, new HashSet<>(Set.of(folder.path().toRealPath())), found);
    found.sort(Comparator.comparing(Found::name));
    return found;
  }

  /// @param above the real folders on the way here: a link back to one of them is not followed
  private static void list(
      Path folder, String prefix, IgnoreRules rules, Set<Path> above, List<Found> found)
      throws IOException {
    List<Path> entries;
    try (Stream<Path> listed = Files.list(folder)) {
      entries = listed.toList();
    }
    for (Path entry : entries) {
      String name = prefix + entry.getFileName();
      if (rules.ignores(name)) {
        continue;
      }
      if (Files.isDirectory(entry, new LinkOption[0])) {
        Path real = entry.toRealPath();
        if (above.add(real)) {
          list(entry, name + "/", rules, above, found);
          above.remove(real);
        }
      } else if (Files.isRegularFile(entry, new LinkOption[0])) {
        found.add(new Found(name, entry, Files.size(entry)));
      }
      // Sockets, pipes and links that lead nowhere have no content to deploy.
    }
  }

  private static void add(ZipArchiveOutputStream out, Found one) throws IOException {
    ZipArchiveEntry entry = new ZipArchiveEntry(one.name());
    try {
      Map<String, Object> attributes =
          Files.readAttributes(one.path(), "unix:mode,lastModifiedTime");
      entry.setUnixMode((Integer) attributes.getOrDefault("mode", REGULAR_FILE | 0644));
      time(entry, (FileTime) attributes.getOrDefault("lastModifiedTime", EARLIEST));
      entry.setSize(one.size());
      out.putArchiveEntry(entry);
      Files.copy(one.path(), out);
    } catch (Unwritable notItsFault) {
      throw notItsFault;
    } catch (IOException unreadable) {
      throw CommandFailure.failed(
              "unreadable",
              "%s cannot be packed: %s".formatted(one.name(), unreadable.getMessage()))
          .next("Leave it out with a line in %s, or make it readable.".formatted(IgnoreRules.FILE))
          .cause(unreadable)
          .build();
    }
    out.closeArchiveEntry();
  }

  private static void add(ZipArchiveOutputStream out, ConfigurationFile configuration)
      throws IOException {
    byte[] content = configuration.text().getBytes(StandardCharsets.UTF_8);
    ZipArchiveEntry entry = new ZipArchiveEntry(ConfigurationFile.NAME);
    entry.setUnixMode(REGULAR_FILE | 0644);
    // Its text depends on the variables too, so that the file's own time would say too little.
    time(entry, EARLIEST);
    out.putArchiveEntry(entry);
    out.write(content);
    out.closeArchiveEntry();
  }

  private static void time(ZipArchiveEntry entry, FileTime time) {
    entry.setTime(time.compareTo(EARLIEST) < 0 ? EARLIEST.toMillis() : time.toMillis());
  }

  private static CommandFailure refused(List<Found> found, long largest) {
    String biggest =
        found.stream()
            .sorted(Comparator.comparingLong(Found::size).reversed())
            .limit(5)
            .map(it -> "%s  %s".formatted(size(it.size()), it.name()))
            .collect(Collectors.joining("\n"));
    return CommandFailure.failed(
            "archive-too-large",
            "the archive would be larger than %s, which is the most the platform takes"
                .formatted(size(largest)))
        .details(biggest)
        .next("Leave out what is not needed there with lines in %s.".formatted(IgnoreRules.FILE))
        .build();
  }

  /// `123 kB`, `4.5 MB`.
  public static String size(long bytes) {
    return bytes < 1024 * 1024
        ? (bytes + 1023) / 1024 + " kB"
        : String.format(Locale.ROOT, "%.1f MB", bytes / 1048576.0);
  }

  /// What is wrong is the archive, and not what is read into it.
  private static class Unwritable extends IOException {

    private static final long serialVersionUID = 1;

    Unwritable(@Nullable IOException cause) {
      super(cause == null ? null : cause.getMessage(), cause);
    }
  }

  /// More was written than may be.
  private static final class TooLarge extends Unwritable {

    private static final long serialVersionUID = 1;

    TooLarge() {
      super(null);
    }
  }

  /// Takes no more than so many bytes, so that nobody's disk is filled for nothing.
  private static final class Limited extends FilterOutputStream {

    private long left;

    Limited(OutputStream out, long most) {
      super(out);
      this.left = most;
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      take(length);
      try {
        out.write(bytes, offset, length);
      } catch (IOException full) {
        throw new Unwritable(full);
      }
    }

    private void take(int count) throws TooLarge {
      left -= count;
      if (left < 0) {
        throw new TooLarge();
      }
    }
  }
}
