package dev.slipway.localstack;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/// The programs of PostgreSQL 18, which travel with this artifact.
///
/// Unpacking happens beside the folder and ends with a rename, so the folder is whole or not there:
/// it survives a kill half way, and two processes may ask for the same folder at once.
public final class PostgresBinaries {

  private static final String VERSION = "(PostgreSQL) 18";

  /// Languages whose libraries do not travel along: without these files a user reads "not
  /// available" instead of a loader's error.
  private static final List<String> LANGUAGES_LEFT_OUT = List.of("plperl", "plpython", "pltcl");

  private final Path home;

  private PostgresBinaries(Path home) {
    this.home = home;
  }

  /// Unpacks the programs into the folder, unless they are there. Those that the machine may have
  /// are its own affair: they would be another version under the same data after its next update.
  public static PostgresBinaries ensure(Path folder) throws IOException {
    Path parent = Files.createDirectories(folder.toAbsolutePath().resolveSibling(".").normalize());
    // The servers' user may be shut out of where a link to the folder lies.
    Path target = parent.toRealPath().resolve(folder.getFileName());
    if (!usable(target)) {
      unpackInto(target);
    }
    return new PostgresBinaries(target);
  }

  /// The folder that holds `bin`.
  public Path home() {
    return home;
  }

  Path program(String name) {
    return home.resolve("bin").resolve(name);
  }

  private static boolean usable(Path home) throws IOException {
    Path server = home.resolve("bin/postgres");
    return Files.isExecutable(server)
        && Files.isExecutable(home.resolve("bin/initdb"))
        && versionOf(server).contains(VERSION);
  }

  private static String versionOf(Path server) throws IOException {
    Process process =
        new ProcessBuilder(server.toString(), "--version")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /// One thread and one process at a time; the lock of a killed process is released by the kernel.
  private static synchronized void unpackInto(Path target) throws IOException {
    Path parent = target.resolveSibling(".").normalize();
    Path lock = target.resolveSibling(target.getFileName() + ".lock");
    try (FileChannel channel =
            FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock held = channel.lock()) {
      if (!held.isValid() || usable(target)) {
        return;
      }
      String half = target.getFileName() + ".unpacking-";
      try (Stream<Path> siblings = Files.list(parent)) {
        for (Path left :
            siblings.filter(it -> it.getFileName().toString().startsWith(half)).toList()) {
          Folders.delete(left);
        }
      }
      Path fresh = Files.createTempDirectory(parent, half);
      unpack(fresh);
      leaveOutLanguages(fresh);
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
      Folders.delete(target);
      Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static void unpack(Path folder) throws IOException {
    String archive = archiveName();
    try (@Nullable InputStream resource =
        PostgresBinaries.class.getClassLoader().getResourceAsStream(archive)) {
      if (resource == null) {
        throw new IOException(
            "There is no PostgreSQL 18 to unpack for "
                + System.getProperty("os.name")
                + " on "
                + System.getProperty("os.arch"));
      }
      @Nullable Process xz = startXz(resource);
      try (InputStream content =
              xz == null
                  ? new XZInputStream(new BufferedInputStream(resource, 1 << 16))
                  : xz.getInputStream();
          TarArchiveInputStream entries = new TarArchiveInputStream(content)) {
        @Nullable TarArchiveEntry entry;
        while ((entry = entries.getNextEntry()) != null) {
          unpack(folder, entry, entries);
        }
        content.transferTo(OutputStream.nullOutputStream());
      }
      // An archive that was cut short between two files looks like a whole one.
      if (xz != null && xz.onExit().join().exitValue() != 0) {
        throw new IOException("xz could not decompress " + archive);
      }
    }
  }

  /// The machine's `xz` is there nearly everywhere and takes half the time, which is most of a
  /// first start's.
  private static @Nullable Process startXz(InputStream compressed) throws IOException {
    if (!Files.isExecutable(Path.of("/usr/bin/xz"))) {
      return null;
    }
    Process process =
        new ProcessBuilder("/usr/bin/xz", "--decompress", "--stdout")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    Thread.ofPlatform()
        .daemon()
        .name("feed-xz")
        .start(
            () -> {
              try (OutputStream input = process.getOutputStream()) {
                compressed.transferTo(input);
              } catch (IOException ended) {
                // Its exit status says so.
              }
            });
    return process;
  }

  private static void unpack(Path folder, TarArchiveEntry entry, InputStream content)
      throws IOException {
    Path path = inside(folder, entry.getName());
    if (entry.isDirectory()) {
      Files.createDirectories(path);
      open(path, true);
      return;
    }
    @Nullable Path parent = path.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    if (entry.isSymbolicLink()) {
      Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
    } else if (entry.isLink()) {
      Files.createLink(path, inside(folder, entry.getLinkName()));
    } else {
      Files.copy(content, path);
      open(path, (entry.getMode() & 0100) != 0);
    }
  }

  /// The servers' user is not the one that unpacks, whatever the umask.
  private static void open(Path path, boolean executable) throws IOException {
    Files.setPosixFilePermissions(
        path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
  }

  private static Path inside(Path folder, String name) throws IOException {
    Path path = folder.resolve(name).normalize();
    if (!path.startsWith(folder)) {
      throw new IOException("The archive of Postgres names a file outside of it: " + name);
    }
    return path;
  }

  private static String archiveName() {
    String architecture = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return "postgres-linux-"
        + (architecture.equals("aarch64") || architecture.equals("arm64") ? "arm_64" : "x86_64")
        + ".txz";
  }

  private static void leaveOutLanguages(Path home) throws IOException {
    Files.walkFileTree(
        home,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            String name = file.getFileName().toString();
            if (name.endsWith(".control") && LANGUAGES_LEFT_OUT.stream().anyMatch(name::contains)) {
              Files.delete(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
