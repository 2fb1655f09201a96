package dev.slipway.deploy.driver.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The runtime as an ordinary user: the same acts, run in a JVM that is nobody's, with namespaces
/// and without.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class OrdinaryUserTest {

  private static final List<String> LIBRARIES =
      List.of("jspecify-", "java-uuid-generator-", "slf4j-api-", "jboss-logging-");
  private static final List<String> NOBODY =
      List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs");

  @Test
  void wholeLifeOfAnApplicationWorksWithNamespaces() throws Exception {
    String output = round(List.of());

    assumeTrue(
        !output.contains("refused untrusted"), "this machine gives ordinary users no namespaces");
    assertThat(output)
        .contains("isolation all under the platform's user, in namespaces of its own")
        .contains("No such file or directory")
        .doesNotContain("REACHED")
        .contains("executor HEALTHY")
        .contains("stopped GONE")
        .contains("left []");
  }

  @Test
  void withoutNamespacesNothingIsRun() throws Exception {
    String output =
        round(
            List.of(
                "unshare",
                "--user",
                "--map-root-user",
                "sh",
                "-c",
                "echo 1 > /proc/sys/user/max_user_namespaces;"
                    + " exec unshare --user --map-user=65534 --map-group=65534 \"$@\"",
                "sh"));

    assertThat(output).contains("isolation applications cannot be kept apart");
    assertThat(output).contains("refused untrusted").doesNotContain("run Exited");
  }

  private static String round(List<String> within) throws Exception {
    assumeTrue(
        (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0,
        "the other tests run as an ordinary user already");
    Path folder = Files.createTempDirectory("slipway-ordinary-");
    try {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      Path own = Files.createDirectory(folder.resolve("own"));
      Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwxrwxrwx"));
      var command = new ArrayList<String>(NOBODY);
      command.addAll(within);
      command.addAll(
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "-cp",
              readableClassPath(folder),
              OrdinaryUserRound.class.getName(),
              own.toString()));
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(output).isZero();
      return output;
    } finally {
      run("rm", "-rf", folder.toString());
    }
  }

  /// The class path lies where only root can read it, often enough: what is needed of it, copied.
  private static String readableClassPath(Path folder) throws Exception {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    var entries = new ArrayList<String>();
    for (String text : path.split(":", -1)) {
      if (text.isEmpty()) {
        continue;
      }
      Path entry = Path.of(text);
      String name = String.valueOf(entry.getFileName());
      Path copy = folder.resolve("classes-" + entries.size());
      if (Files.isDirectory(entry)) {
        run("cp", "-r", entry.toString(), copy.toString());
      } else if (LIBRARIES.stream().anyMatch(name::startsWith) || name.startsWith("common-")) {
        run("cp", entry.toString(), copy.toString());
      } else {
        continue;
      }
      entries.add(copy.toString());
    }
    for (String entry : entries) {
      run("chmod", "-R", "a+rX", entry);
    }
    return String.join(":", entries);
  }

  private static void run(String... command) throws Exception {
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }
}
