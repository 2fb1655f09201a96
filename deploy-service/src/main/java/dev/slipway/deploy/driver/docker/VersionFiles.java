package dev.slipway.deploy.driver.docker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.jspecify.annotations.Nullable;

/// The files that the platform puts into a version's container.
///
/// ```text
/// /app                 the version's folder, its user's own
/// /app/.slipway/       ca.pem, for what names it relatively; root's
/// /home/slipway        home of commands: a volume of the application
/// /slipway/            ca.pem, trusted.pem, init.sh, preload.cjs, sitecustomize.py, record; root's
/// ```
///
/// In an image that the application's own Dockerfile made, the folder is its `WORKDIR`, and
/// nothing but `.slipway/` is put there.
final class VersionFiles {

  /// Nobody's on the host, whatever image it is.
  static final int USER = 10_001;

  static final String FOLDER = "/app";
  static final String AUTHORITY = "/slipway/ca.pem";
  static final String TRUSTED = "/slipway/trusted.pem";
  static final String HOME = "/home/slipway";
  static final String RECORD = "/slipway/record";
  static final String INIT = "/slipway/init.sh";

  /// Unless the application says otherwise. Nobody has a name for the user's number.
  static final Map<String, String> USUAL_ENVIRONMENT =
      Map.of("HOME", HOME, "TMPDIR", "/tmp", "LANG", "C.UTF-8", "USER", "app", "LOGNAME", "app");

  /// What installs make, beside the version's own files.
  private static final Set<String> PACKAGES = Set.of("node_modules", ".venv");

  private static final Pattern CERTIFICATE =
      Pattern.compile(
          "-----BEGIN [A-Z ]*CERTIFICATE-----.*?-----END [A-Z ]*CERTIFICATE-----", Pattern.DOTALL);

  private static final String TOP = "app/";
  private static final int FOLDER_MODE = 0755;
  private static final int FILE_MODE = 0644;

  private VersionFiles() {}

  /// An unpacked archive, as the version's folder.
  static void unpacked(TarArchiveOutputStream archive, Path unpacked) throws IOException {
    folder(archive);
    Files.walkFileTree(unpacked, new Writer(archive, unpacked));
  }

  /// The version's folder without files.
  static void folder(TarArchiveOutputStream archive) throws IOException {
    folder(archive, TOP, USER);
  }

  /// What the platform puts into any image.
  ///
  /// @param folder in which commands run there
  static void own(
      TarArchiveOutputStream archive,
      String folder,
      @Nullable Path authority,
      @Nullable Path machine)
      throws IOException {
    folder(archive, HOME.substring(1) + '/', USER);
    folder(archive, "slipway/", 0);
    if (authority != null && Files.exists(authority)) {
      String platform = Files.readString(authority);
      String below = (folder.equals("/") ? "" : folder) + "/.slipway/";
      folder(archive, below.substring(1), 0);
      text(archive, below + "ca.pem", platform, 0);
      text(archive, AUTHORITY, platform, 0);
      text(
          archive,
          TRUSTED,
          machine != null && Files.exists(machine)
              ? platform + '\n' + certificates(machine)
              : platform,
          0);
    }
    text(archive, INIT, resource("init.sh"), 0);
    text(
        archive,
        "/slipway/preload.cjs",
        resource("/dev/slipway/deploy/driver/process/preload.cjs"),
        0);
    text(
        archive,
        "/slipway/python/sitecustomize.py",
        resource("/dev/slipway/deploy/driver/process/sitecustomize.py"),
        0);
  }

  /// A key may lie in the same file, and is nobody's business.
  private static String certificates(Path machine) throws IOException {
    return CERTIFICATE
        .matcher(Files.readString(machine, StandardCharsets.ISO_8859_1))
        .results()
        .map(found -> found.group() + '\n')
        .collect(Collectors.joining());
  }

  /// A text of the version's own.
  ///
  /// @param folder where the version's are
  static void versionText(TarArchiveOutputStream archive, String folder, String path, String text)
      throws IOException {
    text(archive, folder.replaceFirst("/$", "") + '/' + path, text, USER);
  }

  static void record(TarArchiveOutputStream archive, FolderRecord record) throws IOException {
    text(archive, RECORD, record.toString(), 0);
  }

  /// Passes on either the installed packages of a folder or all the rest of it.
  static void copy(TarArchiveInputStream folder, boolean packages, TarArchiveOutputStream archive)
      throws IOException {
    for (TarArchiveEntry entry = folder.getNextEntry();
        entry != null;
        entry = folder.getNextEntry()) {
      if (isPackage(entry.getName()) == packages) {
        archive.putArchiveEntry(entry);
        folder.transferTo(archive);
        archive.closeArchiveEntry();
      }
    }
  }

  /// The name of a file in an archive of the version's folder, without that.
  static String below(String name) {
    return name.startsWith(TOP) ? name.substring(TOP.length()) : name;
  }

  private static boolean isPackage(String name) {
    String below = below(name);
    int end = below.indexOf('/');
    return PACKAGES.contains(end < 0 ? below : below.substring(0, end));
  }

  static TarArchiveOutputStream archive(OutputStream target) {
    var archive = new TarArchiveOutputStream(target, StandardCharsets.UTF_8.name());
    archive.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    archive.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
    archive.setAddPaxHeadersForNonAsciiNames(true);
    return archive;
  }

  private static void folder(TarArchiveOutputStream archive, String name, int user)
      throws IOException {
    var entry = new TarArchiveEntry(name);
    put(archive, entry, FOLDER_MODE, user);
    archive.closeArchiveEntry();
  }

  static void text(TarArchiveOutputStream archive, String path, String text, int user)
      throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    var entry = new TarArchiveEntry(path.substring(1));
    entry.setSize(bytes.length);
    put(archive, entry, FILE_MODE, user);
    archive.write(bytes);
    archive.closeArchiveEntry();
  }

  private static void put(TarArchiveOutputStream archive, TarArchiveEntry entry, int mode, int user)
      throws IOException {
    entry.setMode(mode);
    entry.setIds(user, user);
    archive.putArchiveEntry(entry);
  }

  private static String resource(String file) {
    try (@Nullable InputStream stream = VersionFiles.class.getResourceAsStream(file)) {
      if (stream == null) {
        throw new IllegalStateException("the resource " + file + " is missing");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Everything but what the platform puts there itself.
  private static final class Writer extends SimpleFileVisitor<Path> {

    private final TarArchiveOutputStream archive;
    private final Path root;

    Writer(TarArchiveOutputStream archive, Path root) {
      this.archive = archive;
      this.root = root;
    }

    private String name(Path path) {
      return TOP + root.relativize(path).toString().replace('\\', '/');
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
        throws IOException {
      if (folder.equals(root)) {
        return FileVisitResult.CONTINUE;
      }
      if (folder.equals(root.resolve(".slipway"))) {
        return FileVisitResult.SKIP_SUBTREE;
      }
      folder(archive, name(folder) + '/', USER);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      if (attributes.isSymbolicLink()) {
        var link = new TarArchiveEntry(name(file), TarConstants.LF_SYMLINK);
        link.setLinkName(Files.readSymbolicLink(file).toString());
        put(archive, link, 0777, USER);
        archive.closeArchiveEntry();
      } else if (attributes.isRegularFile()) {
        var entry = new TarArchiveEntry(name(file));
        entry.setSize(attributes.size());
        entry.setModTime(attributes.lastModifiedTime());
        boolean program =
            Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS)
                .contains(PosixFilePermission.OWNER_EXECUTE);
        put(archive, entry, program ? FOLDER_MODE : FILE_MODE, USER);
        Files.copy(file, archive);
        archive.closeArchiveEntry();
      }
      return FileVisitResult.CONTINUE;
    }
  }
}
