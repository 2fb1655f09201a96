package dev.slipway.deploy.driver.process;

import dev.slipway.common.process.FencedShell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// How applications are kept from the platform and from each other on this machine. Found out by
/// trying, once, with the very script that will do it.
///
/// @param fence    what is in force
/// @param drop     whether each application runs under a user number of its own
/// @param tools    folders outside the usual places in which `node` and `python3` were found
record Isolation(Fence fence, boolean drop, List<Path> tools) {

  /// What is in force, the better first.
  enum Fence {
    /// A view of the machine of its own: files, processes, users.
    NAMESPACES("namespaces"),
    /// Only what the rights of files and processes keep apart.
    USER("user"),
    /// Nothing, and somebody said that this is fine.
    TRUST("none"),
    /// Nothing, so nothing is run.
    REFUSED("refused");

    private final String word;

    Fence(String word) {
      this.word = word;
    }

    /// What `sandbox.sh` calls it.
    String word() {
      return word;
    }
  }

  /// How it is found out.
  @FunctionalInterface
  interface Search {
    Isolation find(Path root, Path scripts, boolean trusted)
        throws IOException, InterruptedException;
  }

  /// A number that no application gets; it only tries.
  private static final int TRIAL_USER = 65_999;

  private static final List<String> USUAL_PLACES =
      List.of("/usr", "/bin", "/sbin", "/lib", "/lib64", "/opt", "/nix");

  /// @param root    the runtime's folder
  /// @param scripts where `sandbox.sh` is
  /// @throws IllegalStateException saying what the person who starts the platform can do about it
  static Isolation find(Path root, Path scripts, boolean trusted)
      throws IOException, InterruptedException {
    if (!succeeds(Map.of(), "bash", "-c", "[ \"${BASH_VERSINFO[0]}\" -ge 5 ]")) {
      throw new IllegalStateException(
          "applications run below a supervisor that needs bash 5 or newer; there is none on this machine");
    }
    boolean administrator = ((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid")) == 0;
    List<Path> tools = tools(System.getenv("PATH"), administrator);
    boolean drop = administrator && succeeds(Map.of(), drop(TRIAL_USER, "true"));
    if (administrator
        && drop
        && !succeeds(Map.of(), drop(TRIAL_USER, "test", "-x", root.toString()))) {
      throw new IllegalStateException(
          "the users that applications run as cannot enter %s: every folder above it must be passable for others"
              .formatted(root));
    }
    if (administrator == drop && namespacesWork(root, scripts, drop, tools)) {
      return new Isolation(Fence.NAMESPACES, drop, tools);
    }
    if (drop) {
      return new Isolation(Fence.USER, true, tools);
    }
    return new Isolation(trusted ? Fence.TRUST : Fence.REFUSED, false, tools);
  }

  private static boolean namespacesWork(Path root, Path scripts, boolean drop, List<Path> tools)
      throws IOException, InterruptedException {
    Path trial = Files.createTempDirectory(root, ".trial-");
    try {
      Files.setPosixFilePermissions(trial, PosixFilePermissions.fromString("rwx--x--x"));
      Path folder = Files.createDirectory(trial.resolve("version"));
      Path home = Files.createDirectory(trial.resolve("home"));
      Path app = Files.createDirectory(folder.resolve("app"));
      Files.createDirectory(app.resolve(".slipway"));
      Files.createDirectory(folder.resolve("tmp"));
      Files.createDirectory(folder.resolve(".root"));
      for (Path path :
          List.of(
              folder,
              app,
              app.resolve(".slipway"),
              folder.resolve("tmp"),
              folder.resolve(".root"),
              home)) {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        if (drop) {
          Files.setAttribute(path, "unix:uid", TRIAL_USER);
        }
      }
      var environment = new HashMap<String, String>();
      environment.put("SLIPWAY_FOLDER", folder.toString());
      environment.put("SLIPWAY_HOME", home.toString());
      environment.put("SLIPWAY_SCRIPTS", scripts.toString());
      environment.put("SLIPWAY_TOOLS", joined(tools));
      environment.put("SLIPWAY_MEMORY", "");
      environment.put("SLIPWAY_PROCESSES", "");
      environment.put("SLIPWAY_NICE", "0");
      environment.put("SLIPWAY_COMMANDS", "1");
      environment.put("SLIPWAY_C_1", "exit 42");
      String[] sandbox = {
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "--pid",
        "--ipc",
        "--uts",
        "--fork",
        "bash",
        "-c",
        "exec bash \"$0\" namespaces trial 8< <(sleep 20)",
        scripts.resolve("sandbox.sh").toString()
      };
      return status(environment, drop ? drop(TRIAL_USER, sandbox) : sandbox) == 42;
    } finally {
      remove(trial);
    }
  }

  private static void remove(Path folder) throws IOException, InterruptedException {
    if (!succeeds(Map.of(), "rm", "-rf", folder.toString())) {
      throw new IOException("cannot remove " + folder);
    }
  }

  private static String[] drop(int user, String... command) {
    var words = new ArrayList<String>();
    words.addAll(
        List.of(
            "setpriv",
            "--reuid=" + user,
            "--regid=" + user,
            "--clear-groups",
            "--no-new-privs",
            "--inh-caps=-all",
            "--bounding-set=-all"));
    words.addAll(List.of(command));
    return words.toArray(String[]::new);
  }

  /// Version managers keep their tools in people's homes, which the sandbox does not show. What
  /// lies in root's home stays there: no other user may enter it.
  static List<Path> tools(@Nullable String path, boolean administrator) {
    Set<Path> found = new LinkedHashSet<>();
    for (String folder : (path == null ? "" : path).split(":", -1)) {
      for (String tool : List.of("node", "python3")) {
        Path program = Path.of(folder).resolve(tool);
        try {
          if (!folder.isEmpty() && Files.isExecutable(program)) {
            Path bin = program.toRealPath().getParent();
            Path prefix = bin == null ? null : bin.getParent();
            if (bin != null
                && prefix != null
                && bin.endsWith("bin")
                && prefix.getNameCount() > 1
                && USUAL_PLACES.stream().noneMatch(bin::startsWith)
                && !(administrator && bin.startsWith("/root"))) {
              found.add(prefix);
            }
          }
        } catch (IOException e) {
          // It was there a moment ago; then it is not a tool to count on.
        }
      }
    }
    return List.copyOf(found);
  }

  static String joined(List<Path> tools) {
    return String.join(":", tools.stream().map(Path::toString).toList());
  }

  /// Where an application finds programs unless it says so itself.
  String path() {
    var folders = new ArrayList<String>();
    tools.forEach(tool -> folders.add(tool.resolve("bin").toString()));
    folders.add("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    return String.join(":", folders);
  }

  String words() {
    String who =
        drop ? "each application under a user of its own" : "all under the platform's user";
    return switch (fence) {
      case NAMESPACES ->
          who
              + ", in namespaces of its own: it sees its own folder and its own processes; the"
              + " network is shared";
      case USER ->
          who
              + ", without namespaces: it sees the command lines of other processes, and what"
              + " everybody may read; the network is shared";
      case TRUST -> "none: applications are trusted and reach all that the platform reaches";
      case REFUSED ->
          "applications cannot be kept apart on this machine (neither root nor user namespaces), so"
              + " none is run; `slipway down`, then `slipway up --detach --trust-applications`, runs"
              + " them unprotected";
    };
  }

  private static boolean succeeds(Map<String, String> environment, String... command)
      throws InterruptedException {
    return status(environment, command) == 0;
  }

  private static int status(Map<String, String> environment, String... command)
      throws InterruptedException {
    var builder =
        new ProcessBuilder(command)
            .directory(Path.of("/").toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    FencedShell.replaceEnvironment(builder, environment, Map.of());
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      return -1;
    }
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return -1;
    }
    return process.exitValue();
  }
}
