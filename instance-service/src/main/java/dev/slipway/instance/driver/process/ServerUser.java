package dev.slipway.instance.driver.process;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The user the servers run as. Postgres refuses root, so root hands over to a number that owns
/// nothing else; any other user runs them itself.
///
/// @param uid        the number the files belong to, absent when they belong to whoever runs this
/// @param prefix     words put before a command so that it runs as that user
/// @param initdb     the same for `initdb`, which needs a user that has a name
/// @param initdbUser owner of the folder `initdb` writes into
/// @param blind      whether the kernel hides from us where that user's processes work, as it does
///     from a root without the capability to trace
record ServerUser(
    @Nullable Integer uid,
    List<String> prefix,
    List<String> initdb,
    @Nullable String initdbUser,
    boolean blind) {

  private static final int CAP_SYS_PTRACE = 19;

  /// Has no entry anywhere and needs none; far from the numbers that systems give to people and
  /// daemons.
  static final int SERVICE_UID = 20001;

  static ServerUser current() throws IOException {
    Integer owner = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    if (owner != 0) {
      return new ServerUser(null, List.of(), List.of(), null, false);
    }
    return new ServerUser(
        SERVICE_UID,
        dropTo(Integer.toString(SERVICE_UID), Integer.toString(SERVICE_UID)),
        dropTo("nobody", groupOfNobody()),
        "nobody",
        !mayTrace());
  }

  private static boolean mayTrace() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("CapEff:")) {
        return new BigInteger(line.substring("CapEff:".length()).strip(), 16)
            .testBit(CAP_SYS_PTRACE);
      }
    }
    return false;
  }

  private static List<String> dropTo(String user, String group) {
    return List.of(
        "setpriv",
        "--reuid=" + user,
        "--regid=" + group,
        "--clear-groups",
        "--no-new-privs",
        "--inh-caps=-all",
        "--bounding-set=-all");
  }

  private static String groupOfNobody() throws IOException {
    for (String line : Files.readAllLines(Path.of("/etc/passwd"))) {
      String[] fields = line.split(":", -1);
      if (fields.length > 3 && fields[0].equals("nobody")) {
        return fields[3];
      }
    }
    throw new IOException("there is no user nobody on this machine");
  }

  /// Proves that servers can be run: the user can be changed to, and reaches the binaries and the
  /// data.
  ///
  /// @throws IllegalStateException saying what the person who starts the platform can do about it
  void verify(Path postgres, Path root) throws IOException, InterruptedException {
    if (uid == null) {
      if (!Files.isExecutable(postgres)) {
        throw new IllegalStateException("there is no PostgreSQL server at " + postgres);
      }
      return;
    }
    if (!succeeds("true")) {
      throw new IllegalStateException(
          "PostgreSQL does not run as root, and this process cannot become another user: that needs setpriv (util-linux)"
              + " and the capabilities SETUID, SETGID and SETPCAP. Start the platform as an ordinary user instead.");
    }
    if (!succeeds(postgres.toString(), "--version")) {
      throw new IllegalStateException(
          "user %d, which runs the servers, cannot run %s: every folder above it must be passable for others"
              .formatted(uid, postgres));
    }
    if (!succeeds("test", "-x", root.toString())) {
      throw new IllegalStateException(
          "user %d, which runs the servers, cannot enter %s: every folder above it must be passable for others"
              .formatted(uid, root));
    }
  }

  private boolean succeeds(String... command) throws IOException, InterruptedException {
    var words = new ArrayList<String>(prefix);
    words.addAll(List.of(command));
    Process process;
    try {
      process =
          new ProcessBuilder(words)
              .directory(Path.of("/").toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      return false;
    }
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return false;
    }
    return process.exitValue() == 0;
  }
}
