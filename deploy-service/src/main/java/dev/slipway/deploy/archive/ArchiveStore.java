package dev.slipway.deploy.archive;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.Archives;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Archives as files named after what is in them, so that the same one is kept once. A file is
/// complete when it has its name.
///
/// Safe to use from any thread and by several processes.
///
/// Reading an archive through is work for a processor, for many seconds with a large one. Requests
/// run on virtual threads, which share few threads of the system and do not take turns on them, so
/// that as many uploads as there are processors would stop everything else. So threads of its own
/// do it, half as many as there are processors.
@Singleton
public final class ArchiveStore implements Archives {

  /// Longer than any upload or unpacking may take, and than a version takes to be committed after
  /// its archive was stored.
  static final Duration GUARD = Duration.ofHours(1);

  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern APPLICATION = Pattern.compile("app_[0-9a-z]{26}");
  private static final Pattern VERSION = Pattern.compile("[0-9]{1,19}");
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_FOLDER =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final Path kept;
  private final Path incoming;
  private final Path unpacked;
  private final InstantSource clock;
  private final Unpacking.Limits limits;
  private final ExecutorService readers;

  /// @param directory    where archives are kept
  /// @param applications where applications are; archives are unpacked beside it, on the same file
  ///     system, so that a runtime can take a folder over by renaming it
  @Inject
  public ArchiveStore(
      @ConfigProperty(name = "slipway.archives.directory") Path directory,
      @ConfigProperty(name = "slipway.applications.directory") Path applications) {
    this(
        directory,
        applications,
        InstantSource.system(),
        Unpacking.Limits.PROMISED,
        readers(Runtime.getRuntime().availableProcessors()));
  }

  ArchiveStore(
      Path directory,
      Path applications,
      InstantSource clock,
      Unpacking.Limits limits,
      ExecutorService readers) {
    this.kept = directory.toAbsolutePath().resolve("sha256");
    this.incoming = directory.toAbsolutePath().resolve("incoming");
    this.unpacked = applications.toAbsolutePath().resolveSibling("unpacked");
    this.clock = clock;
    this.limits = limits;
    this.readers = readers;
    try {
      Files.createDirectories(kept, OWNER_FOLDER);
      Files.createDirectories(incoming, OWNER_FOLDER);
      Files.createDirectories(unpacked, OWNER_FOLDER);
      sweepUnfinished();
    } catch (IOException failure) {
      throw new UncheckedIOException("cannot keep archives in " + directory, failure);
    }
  }

  /// Threads that end when there is nothing to read.
  static ThreadPoolExecutor readers(int processors) {
    int most = Math.max(1, processors / 2);
    var readers =
        new ThreadPoolExecutor(
            most,
            most,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("archive-reader-", 0).factory());
    readers.allowCoreThreadTimeOut(true);
    return readers;
  }

  /// Whether an archive is kept.
  ///
  /// @param digest SHA-256, in lower-case hexadecimal
  public boolean exists(String digest) {
    return DIGEST.matcher(digest).matches()
        && Files.isRegularFile(path(digest), LinkOption.NOFOLLOW_LINKS);
  }

  /// Removes what nobody needs. One that was stored or found again within the last hour is kept,
  /// since the version that needs it may not be committed yet.
  ///
  /// @param needed digests
  /// @return how many were removed
  public synchronized int sweep(Set<String> needed) {
    int removed = 0;
    try {
      sweepUnfinished();
      try (DirectoryStream<Path> shelves = Files.newDirectoryStream(kept)) {
        for (Path shelf : shelves) {
          try (DirectoryStream<Path> archives = Files.newDirectoryStream(shelf)) {
            for (Path archive : archives) {
              if (!needed.contains(archive.getFileName().toString()) && drop(archive)) {
                removed++;
              }
            }
          }
        }
      }
    } catch (IOException failure) {
      throw new UncheckedIOException("cannot sweep the archives in " + kept, failure);
    }
    return removed;
  }

  /// Set aside first and looked at again: another process may have stored the same archive between
  /// the first look and the removal.
  private boolean drop(Path archive) throws IOException {
    if (!old(archive)) {
      return false;
    }
    Path aside = incoming.resolve(UUID.randomUUID() + ".swept");
    Files.move(archive, aside, StandardCopyOption.ATOMIC_MOVE);
    if (!old(aside)) {
      Files.move(aside, archive, StandardCopyOption.ATOMIC_MOVE);
      return false;
    }
    Files.delete(aside);
    return true;
  }

  /// What a crash left behind. Whoever still works on something has touched it lately.
  private void sweepUnfinished() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(incoming)) {
      for (Path file : files) {
        if (old(file)) {
          Files.deleteIfExists(file);
        }
      }
    }
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(unpacked, "*.new")) {
      for (Path folder : folders) {
        if (old(folder)) {
          remove(folder);
        }
      }
    }
  }

  private boolean old(Path file) throws IOException {
    try {
      Instant touched = Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant();
      return touched.isBefore(clock.instant().minus(GUARD));
    } catch (NoSuchFileException gone) {
      return false;
    }
  }

  @Override
  public Path unpack(String archive, String application, String version)
      throws DriverFailure, InterruptedException {
    if (!exists(archive)) {
      throw new DriverFailure.Permanent(
          "archive-missing", "the archive of version %s is not kept any more".formatted(version));
    }
    Path folder = folder(application, version);
    Path fresh = unpacked.resolve(folder.getFileName() + "." + UUID.randomUUID() + ".new");
    try {
      Files.createDirectory(fresh);
      new Unpacking(path(archive), fresh, limits).run();
      remove(folder);
      Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
      return folder;
    } catch (BadArchive refused) {
      requireNotInterrupted();
      throw new DriverFailure.Permanent(
          BadArchive.Reason.BAD_ARCHIVE.code(), String.valueOf(refused.getMessage()), refused);
    } catch (IOException failure) {
      requireNotInterrupted();
      throw storage(failure);
    } finally {
      removeQuietly(fresh);
    }
  }

  @Override
  public void discard(String application, String version) throws DriverFailure {
    Path folder = folder(application, version);
    try {
      remove(folder);
      try (DirectoryStream<Path> halves =
          Files.newDirectoryStream(unpacked, folder.getFileName() + ".*.new")) {
        for (Path half : halves) {
          remove(half);
        }
      }
    } catch (IOException failure) {
      throw storage(failure);
    }
  }

  /// Begins to store an archive. It appears under its digest when it is kept, or not at all.
  Upload begin() throws IOException {
    return new Upload(incoming.resolve(UUID.randomUUID() + ".upload"));
  }

  private Path path(String digest) {
    return shelf(digest).resolve(digest);
  }

  private Path shelf(String digest) {
    return kept.resolve(digest.substring(0, 2));
  }

  private Path folder(String application, String version) {
    if (!APPLICATION.matcher(application).matches() || !VERSION.matcher(version).matches()) {
      throw new IllegalArgumentException("not the identifiers of an application and a version");
    }
    return unpacked.resolve(application + "." + version);
  }

  /// An interrupt closes the channel under whoever reads, which then looks like a damaged archive.
  private static void requireNotInterrupted() throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted while unpacking");
    }
  }

  private static DriverFailure storage(IOException failure) {
    String message = String.valueOf(failure.getMessage());
    if (message.contains("No space left") || message.contains("quota exceeded")) {
      return new DriverFailure.Permanent("disk-full", "the disk is full", failure);
    }
    return new DriverFailure.Transient(
        "storage-failed", "the folder for unpacked archives cannot be written", failure);
  }

  private static void remove(Path folder) throws IOException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.deleteIfExists(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /// The failure that led here matters more; what stays is removed by [#discard] and the sweep.
  private static void removeQuietly(Path folder) {
    try {
      remove(folder);
    } catch (IOException left) {
      System.getLogger(ArchiveStore.class.getName())
          .log(System.Logger.Level.WARNING, "Left behind: " + folder, left);
    }
  }

  private static IOException rethrown(ExecutionException failed) throws BadArchive {
    return switch (failed.getCause()) {
      case BadArchive refused -> throw refused;
      case IOException unreadable -> unreadable;
      case null, default -> throw new IllegalStateException("an archive was not read", failed);
    };
  }

  private static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /// An archive on its way in; for one thread.
  final class Upload implements AutoCloseable {

    private final Path file;
    private final FileChannel channel;
    private final MessageDigest digest;
    private @Nullable String name;
    private long size;

    private Upload(Path file) throws IOException {
      this.file = file;
      try {
        this.digest = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException impossible) {
        throw new IllegalStateException("every JDK has SHA-256", impossible);
      }
      this.channel =
          FileChannel.open(
              file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWNER_FILE);
    }

    long size() {
      return size;
    }

    void write(byte[] bytes, int offset, int length) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      digest.update(bytes, offset, length);
      size += length;
    }

    /// Reads it through, so that nothing is kept of one that cannot be unpacked. One that is kept
    /// already was read through then.
    ///
    /// @throws ClosedByInterruptException when the caller is interrupted while it waits for that
    void requireSound() throws BadArchive, IOException {
      if (exists(name())) {
        return;
      }
      Future<?> reading =
          readers.submit(
              () -> {
                Unpacking.requireSound(file, limits);
                return null;
              });
      try {
        reading.get();
      } catch (InterruptedException stopped) {
        reading.cancel(true);
        Thread.currentThread().interrupt();
        throw new ClosedByInterruptException();
      } catch (ExecutionException refused) {
        throw rethrown(refused);
      }
    }

    /// Gives it its name. The same archive is replaced by this one, which is as good and younger,
    /// so that no sweep takes it.
    String keep() throws IOException {
      channel.force(true);
      String digits = name();
      Path target = path(digits);
      Path shelf = shelf(digits);
      synchronized (ArchiveStore.this) {
        Files.createDirectories(shelf, OWNER_FOLDER);
        Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
      }
      sync(shelf);
      sync(kept);
      return digits;
    }

    /// Of all that was written; nothing may be written after.
    private String name() {
      String known = name;
      if (known == null) {
        known = HexFormat.of().formatHex(digest.digest());
        name = known;
      }
      return known;
    }

    /// Drops it unless it was kept.
    @Override
    public void close() throws IOException {
      channel.close();
      Files.deleteIfExists(file);
    }
  }
}
