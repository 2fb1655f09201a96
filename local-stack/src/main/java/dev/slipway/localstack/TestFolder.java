package dev.slipway.localstack;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The folder of one stack that lives as long as a test run.
///
/// Its process holds a lock on a file in it, which the kernel releases however the process ends. So
/// the next stack can tell a folder that was left behind, stop the server that is proven to serve
/// it, and delete it.
final class TestFolder implements AutoCloseable {

  private static final String PREFIX = "slipway-stack-";
  private static final String OWNER = "owner";

  private final Path path;
  private final FileChannel owner;

  private TestFolder(Path path, FileChannel owner) {
    this.path = path;
    this.owner = owner;
  }

  /// Makes a folder, and first removes those that killed test runs left behind.
  static TestFolder create() throws IOException, InterruptedException {
    sweep();
    Path path = Files.createTempDirectory(parent(), PREFIX);
    // The servers' user passes through, and sees no names.
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx--x--x"));
    FileChannel owner =
        FileChannel.open(path.resolve(OWNER), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    owner.lock();
    return new TestFolder(path, owner);
  }

  Path path() {
    return path;
  }

  static Path control(Path folder) {
    return folder.resolve("control");
  }

  static Path description(Path folder) {
    return folder.resolve("stack.properties");
  }

  /// One unpacked Postgres serves all tests of a user, unless somebody else has taken the name.
  static Path binaries(Path own) throws IOException {
    int user = ServerAccount.self();
    Path common = parent().resolve("slipway-postgres-18-" + user);
    if (!Files.exists(common)) {
      return common;
    }
    boolean trusted =
        ServerAccount.userOf(common) == user
            && !Files.getPosixFilePermissions(common).contains(PosixFilePermission.OTHERS_WRITE)
            && !Files.getPosixFilePermissions(common).contains(PosixFilePermission.GROUP_WRITE);
    return trusted ? common : own.resolve("postgres-18");
  }

  /// Deletes the folder; what served it must have been stopped.
  @Override
  public void close() throws IOException {
    Folders.delete(path);
    owner.close();
  }

  private static void sweep() throws IOException, InterruptedException {
    int user = ServerAccount.self();
    List<Path> folders;
    try (Stream<Path> entries = Files.list(parent())) {
      folders = entries.filter(it -> it.getFileName().toString().startsWith(PREFIX)).toList();
    }
    for (Path folder : folders) {
      try {
        if (ServerAccount.userOf(folder) == user) {
          sweep(folder);
        }
      } catch (IOException othersWork) {
        // Another run sweeps at the same time, or the folder is gone; it is nothing this run
        // depends on.
      }
    }
  }

  private static void sweep(Path folder) throws IOException, InterruptedException {
    Path owner = folder.resolve(OWNER);
    if (!Files.exists(owner)) {
      // Just being made, or somebody else's.
      return;
    }
    try (FileChannel channel = FileChannel.open(owner, StandardOpenOption.WRITE)) {
      @Nullable FileLock lock = tryLock(channel);
      if (lock != null) {
        ControlPostgres.stop(control(folder));
        Folders.delete(folder);
      }
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException ours) {
      return null;
    }
  }

  private static Path parent() throws IOException {
    Path chosen = Path.of(System.getProperty("java.io.tmpdir", "/tmp")).toRealPath();
    boolean reachable =
        !ServerAccount.current().separate() || ServerAccount.openToEverybody(chosen);
    return reachable ? chosen : Path.of("/tmp").toRealPath();
  }
}
