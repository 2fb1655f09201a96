package dev.slipway.instance.driver.process;

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

/// The driver as an ordinary user: the same acts, run in a JVM that is nobody's. Where the tests
/// run as an ordinary user anyway, all the others show it.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class OrdinaryUserTest {

  private static final List<String> LIBRARIES =
      List.of(
          "postgresql-",
          "bcpkix-",
          "bcprov-",
          "bcutil-",
          "jspecify-",
          "java-uuid-generator-",
          "slf4j-api-",
          "awaitility-",
          "hamcrest-");

  @Test
  void everyActWorksWithoutRoot() throws Exception {
    ServerUser user = ServerUser.current();
    assumeTrue(user.uid() != null, "the other tests run as an ordinary user already");
    Path folder = Files.createTempDirectory("slipway-ordinary-");
    try {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
      Path temporary = Files.createDirectory(folder.resolve("tmp"));
      Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxrwxrwx"));
      ProcessStage.sharedBinaries();
      var command = new ArrayList<String>(user.initdb());
      command.addAll(
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "-Djava.io.tmpdir=" + temporary,
              "-Dslipway.test.postgres=" + ProcessStage.sharedBinaries(),
              "-cp",
              readableClassPath(folder),
              ProvisioningMeasurement.class.getName(),
              "1"));
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

      assertThat(process.waitFor()).as(output).isZero();
      assertThat(output).contains("9 destroy");
      try (var left = Files.newDirectoryStream(temporary, "slipway-instances-*")) {
        assertThat(left).isEmpty();
      }
    } finally {
      ProcessStage.delete(folder);
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
      } else if (LIBRARIES.stream().anyMatch(name::startsWith)
          || name.startsWith("common-")
          || name.startsWith("local-stack-")) {
        run("cp", entry.toString(), copy.toString());
      } else {
        continue;
      }
      entries.add(copy.toString());
    }
    run("chmod", "-R", "a+rX", folder.toString());
    return String.join(":", entries);
  }

  private static void run(String... command) throws Exception {
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }
}
