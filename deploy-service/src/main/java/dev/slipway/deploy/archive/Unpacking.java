package dev.slipway.deploy.archive;

import dev.slipway.deploy.archive.BadArchive.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.commons.compress.archivers.zip.ZipMethod;

/// Unpacks one archive into an empty folder, trusting nothing it says. Everything that can be
/// checked is checked before the first file is written, and sizes once more while they are.
///
/// What is at the root under the platform's own name is left out: the platform puts its files
/// there.
final class Unpacking {

  private static final String PLATFORM = ".slipway";
  private static final int CHUNK = 64 * 1024;
  private static final int TYPE = 0170000;
  private static final int REGULAR = 0100000;
  private static final int FOLDER = 0040000;
  private static final int OWNER_EXECUTES = 0100;
  private static final Set<PosixFilePermission> PLAIN =
      PosixFilePermissions.fromString("rw-r--r--");
  private static final Set<PosixFilePermission> EXECUTABLE =
      PosixFilePermissions.fromString("rwxr-xr-x");

  private final Path archive;
  private final Path target;
  private final Limits limits;
  private final byte[] buffer = new byte[CHUNK];
  private final Set<Path> made = new HashSet<>();

  /// @param target empty, and nobody else's
  Unpacking(Path archive, Path target, Limits limits) {
    this.archive = archive;
    this.target = target;
    this.limits = limits;
  }

  /// Reads everything and writes nothing: what is refused here never becomes a version.
  ///
  /// @throws BadArchive when it holds what [#run] would refuse; also when the thread was
  ///     interrupted, which closes the file under whoever reads
  static void requireSound(Path archive, Limits limits) throws BadArchive, IOException {
    byte[] buffer = new byte[CHUNK];
    try (FileChannel channel = FileChannel.open(archive, StandardOpenOption.READ);
        ZipFile zip = opened(channel, limits)) {
      for (Planned planned : plan(zip, channel.size(), limits)) {
        if (!planned.folder()) {
          try (InputStream input = content(zip, planned.entry())) {
            copy(input, OutputStream.nullOutputStream(), planned.entry(), buffer);
          }
        }
      }
    }
  }

  /// @throws BadArchive  when it is refused; part of it may have been written
  /// @throws IOException when the target cannot be written
  void run() throws BadArchive, IOException, InterruptedException {
    Files.setPosixFilePermissions(target, EXECUTABLE);
    made.add(target);
    try (FileChannel channel = FileChannel.open(archive, StandardOpenOption.READ);
        ZipFile zip = opened(channel, limits)) {
      for (Planned entry : plan(zip, channel.size(), limits)) {
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while unpacking");
        }
        write(zip, entry);
      }
    }
  }

  private static ZipFile opened(FileChannel channel, Limits limits) throws BadArchive, IOException {
    new CentralDirectory(channel).requireAtMost(limits.entries());
    channel.position(0);
    return open(channel);
  }

  /// Local headers are not read: the table of contents alone says what there is, so that nothing
  /// can be told to one reader and something else to another. Names come from one place for the
  /// same reason.
  private static ZipFile open(FileChannel channel) throws BadArchive {
    try {
      return ZipFile.builder()
          .setSeekableByteChannel(channel)
          .setCharset(StandardCharsets.UTF_8)
          .setUseUnicodeExtraFields(false)
          .setIgnoreLocalFileHeader(true)
          .get();
    } catch (IOException | RuntimeException unreadable) {
      throw new BadArchive(
          Reason.BAD_ARCHIVE, "the archive is not a zip file, or is damaged", unreadable);
    }
  }

  private static List<Planned> plan(ZipFile zip, long archiveSize, Limits limits)
      throws BadArchive {
    var names = new EntryNames();
    List<Planned> planned = new ArrayList<>();
    long total = 0;
    boolean anyFile = false;
    for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
      requireSlashes(entry);
      boolean folder = requireKind(entry);
      List<String> parts = names.accept(entry.getName(), folder);
      if (parts.getFirst().equals(PLATFORM)) {
        continue;
      }
      if (!folder) {
        requireReadable(entry);
        anyFile = true;
        // A size is below 2^63 and the sum was below the limit before, so this cannot overflow.
        if (entry.getSize() > limits.total() - total) {
          throw tooLarge(limits);
        }
        total += entry.getSize();
      }
      planned.add(new Planned(entry, folder, parts));
    }
    if (!anyFile) {
      throw new BadArchive(Reason.BAD_ARCHIVE, "the archive has no files");
    }
    if (total > limits.harmless() && total / limits.ratio() > archiveSize) {
      throw new BadArchive(
          Reason.TOO_LARGE,
          "the archive unpacks to more than %d times its size".formatted(limits.ratio()));
    }
    return planned;
  }

  /// The library turns backslashes into slashes where the archive says it comes from Windows.
  private static void requireSlashes(ZipArchiveEntry entry) throws BadArchive {
    for (byte letter : entry.getRawName()) {
      if (letter == '\\') {
        throw EntryNames.refused(entry.getName(), "has a backslash in its name");
      }
    }
  }

  /// @return whether it is a folder
  private static boolean requireKind(ZipArchiveEntry entry) throws BadArchive {
    int type = entry.getUnixMode() & TYPE;
    boolean folder = entry.getName().endsWith("/");
    boolean asSaid = type == 0 || type == (folder ? FOLDER : REGULAR);
    if (entry.isUnixSymlink() || !asSaid) {
      throw EntryNames.refused(entry.getName(), "is neither a file nor a folder");
    }
    if (folder && entry.getSize() > 0) {
      throw EntryNames.refused(entry.getName(), "is a folder with content of its own");
    }
    return folder;
  }

  private static void requireReadable(ZipArchiveEntry entry) throws BadArchive {
    if (entry.getGeneralPurposeBit().usesEncryption()
        || entry.getGeneralPurposeBit().usesStrongEncryption()) {
      throw EntryNames.refused(entry.getName(), "is encrypted");
    }
    ZipMethod method = ZipMethod.getMethodByCode(entry.getMethod());
    if (method != ZipMethod.STORED && method != ZipMethod.DEFLATED) {
      throw EntryNames.refused(entry.getName(), "is compressed in a way that is not supported");
    }
    if (entry.getSize() < 0) {
      throw EntryNames.refused(entry.getName(), "does not say how large it is");
    }
  }

  private void write(ZipFile zip, Planned planned) throws BadArchive, IOException {
    Path path = target;
    List<String> parts = planned.parts();
    for (String part : planned.folder() ? parts : parts.subList(0, parts.size() - 1)) {
      path = path.resolve(part);
      if (made.add(path)) {
        Files.createDirectory(path);
        Files.setPosixFilePermissions(path, EXECUTABLE);
      }
    }
    if (planned.folder()) {
      return;
    }
    path = path.resolve(parts.getLast());
    ZipArchiveEntry entry = planned.entry();
    try (InputStream input = content(zip, entry);
        OutputStream output =
            Files.newOutputStream(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      copy(input, output, entry, buffer);
    }
    boolean executable = (entry.getUnixMode() & OWNER_EXECUTES) != 0;
    Files.setPosixFilePermissions(path, executable ? EXECUTABLE : PLAIN);
  }

  private static InputStream content(ZipFile zip, ZipArchiveEntry entry) throws BadArchive {
    try {
      InputStream content = zip.getInputStream(entry);
      if (content != null) {
        return content;
      }
    } catch (IOException | RuntimeException unreadable) {
      throw new BadArchive(Reason.BAD_ARCHIVE, damaged(entry), unreadable);
    }
    throw new BadArchive(Reason.BAD_ARCHIVE, damaged(entry));
  }

  private static void copy(
      InputStream input, OutputStream output, ZipArchiveEntry entry, byte[] buffer)
      throws BadArchive, IOException {
    var checksum = new CRC32();
    long left = entry.getSize();
    while (true) {
      int read = read(input, entry, buffer);
      if (read < 0) {
        break;
      }
      left -= read;
      if (left < 0) {
        throw EntryNames.refused(entry.getName(), "is larger than it says");
      }
      checksum.update(buffer, 0, read);
      output.write(buffer, 0, read);
    }
    if (left != 0 || checksum.getValue() != entry.getCrc()) {
      throw new BadArchive(Reason.BAD_ARCHIVE, damaged(entry));
    }
  }

  /// What cannot be read is the archive's fault, what cannot be written is not.
  private static int read(InputStream input, ZipArchiveEntry entry, byte[] buffer)
      throws BadArchive {
    try {
      return input.read(buffer);
    } catch (IOException | RuntimeException unreadable) {
      throw new BadArchive(Reason.BAD_ARCHIVE, damaged(entry), unreadable);
    }
  }

  private static String damaged(ZipArchiveEntry entry) {
    return "entry %s is damaged or cut off".formatted(BadArchive.quoted(entry.getName()));
  }

  private static BadArchive tooLarge(Limits limits) {
    return new BadArchive(
        Reason.TOO_LARGE,
        "the archive unpacks to more than the %,d MB allowed".formatted(limits.total() >> 20));
  }

  private record Planned(ZipArchiveEntry entry, boolean folder, List<String> parts) {}

  /// What an archive may hold.
  ///
  /// @param total    bytes of all its files
  /// @param entries  how many
  /// @param harmless bytes up to which nobody asks how well they were compressed
  /// @param ratio    bytes that one byte of a larger archive may become
  record Limits(long total, int entries, long harmless, int ratio) {

    static final Limits PROMISED = new Limits(2L << 30, 20_000, 64L << 20, 250);
  }
}
