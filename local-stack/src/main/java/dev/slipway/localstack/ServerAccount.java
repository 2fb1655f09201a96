package dev.slipway.localstack;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The account Postgres servers run under.
///
/// Postgres refuses to run as root, so root gives its servers a numeric user of their own, which
/// needs no entry in the password file. Anybody else's servers run as themselves. A user namespace
/// is no way out for root: the server would pass the check and still be root to every file of the
/// machine.
final class ServerAccount {

  /// The user and group of the servers that root starts.
  static final int SEPARATE_USER = 20001;

  private final int user;
  private final boolean root;

  private ServerAccount(int user, boolean root) {
    this.user = user;
    this.root = root;
  }

  static ServerAccount current() {
    int self = self();
    return self == 0 ? new ServerAccount(SEPARATE_USER, true) : new ServerAccount(self, false);
  }

  /// The numeric user of the server's processes and files.
  int user() {
    return user;
  }

  /// Whether the servers' user is another one than this process's.
  boolean separate() {
    return root;
  }

  /// The command as the server's user. The programs in front replace themselves, so the process
  /// started is the server.
  List<String> run(List<String> command) {
    return root ? as(SEPARATE_USER, command) : command;
  }

  /// The user that initialises a data directory: `initdb` wants to find itself in the password
  /// file.
  int initialUser() throws IOException {
    return root ? nobody() : user;
  }

  List<String> runInitially(List<String> command) throws IOException {
    return root ? as(nobody(), command) : command;
  }

  /// Hands a whole tree to a user; links are changed, never followed.
  void give(Path tree, int newOwner) throws IOException {
    if (!root) {
      return;
    }
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            own(directory, newOwner);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            own(file, newOwner);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /// Fails early and in words when the server's user could not reach a folder that root can.
  void requireReachable(Path folder) throws IOException {
    if (!root) {
      return;
    }
    @Nullable Path closed = firstClosedFolder(folder);
    if (closed != null) {
      throw new IOException(
          "Postgres runs as user "
              + SEPARATE_USER
              + " because root may not run it, and that user cannot enter "
              + closed
              + ". Choose a folder that everybody may enter, such as one under /var/lib.");
    }
  }

  /// Whether a folder, and every folder above it, can be entered by everybody.
  static boolean openToEverybody(Path folder) throws IOException {
    return firstClosedFolder(folder) == null;
  }

  /// The numeric user of this process.
  static int self() {
    return Math.toIntExact(new UnixSystem().getUid());
  }

  static int userOf(Path path) throws IOException {
    return (Integer) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }

  private static @Nullable Path firstClosedFolder(Path folder) throws IOException {
    for (@Nullable Path at = folder.toRealPath(); at != null; at = at.getParent()) {
      if (!Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE)) {
        return at;
      }
    }
    return null;
  }

  private static void own(Path path, int owner) throws IOException {
    Files.setAttribute(path, "unix:uid", owner, LinkOption.NOFOLLOW_LINKS);
    Files.setAttribute(path, "unix:gid", owner, LinkOption.NOFOLLOW_LINKS);
  }

  private static List<String> as(int user, List<String> command) {
    List<String> whole = new ArrayList<>();
    if (Files.isExecutable(Path.of("/usr/bin/setpriv"))
        || Files.isExecutable(Path.of("/bin/setpriv"))) {
      whole.addAll(
          List.of(
              "setpriv",
              "--reuid=" + user,
              "--regid=" + user,
              "--clear-groups",
              "--no-new-privs",
              "--inh-caps=-all",
              "--bounding-set=-all"));
    } else {
      whole.addAll(List.of("chroot", "--userspec=" + user + ":" + user, "--groups=", "/"));
    }
    whole.addAll(command);
    return whole;
  }

  /// The number behind the one unprivileged name every Linux has.
  private static int nobody() throws IOException {
    for (String line : Files.readAllLines(Path.of("/etc/passwd"))) {
      List<String> fields = List.of(line.split(":", -1));
      if (fields.size() > 2 && fields.getFirst().equals("nobody")) {
        return Integer.parseInt(fields.get(2));
      }
    }
    throw new IOException(
        "root cannot initialise Postgres here: /etc/passwd has no user `nobody` to do it as");
  }
}
