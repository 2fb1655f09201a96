package dev.slipway.cli.script;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The script, run in a copy of the project that holds nothing but programs which say how they were
/// called.
class SlipwayScriptTest {

  @TempDir private Path folder;

  private Path root;
  private Path jdks;

  private record Run(int exitCode, String out, String err) {}

  @BeforeEach
  void project() throws IOException {
    root = Files.createDirectories(folder.resolve("a project"));
    jdks = Files.createDirectories(folder.resolve("jdks"));
    Files.copy(Path.of("..").resolve("slipway"), root.resolve("slipway"));
    executable(root.resolve("slipway"));
    program(
        root.resolve("mvnw"),
        "echo mvnw \"$JAVA_HOME\" \"$@\"; mkdir -p cli/target; : > cli/target/cli-0.1.0-SNAPSHOT.jar");
  }

  @Test
  void javaHomeComesFirstWhenItIsNewEnough() throws Exception {
    Path home = jdk("mine", "25.0.1");
    jdk("another", "27");

    Run run = run(Map.of("JAVA_HOME", home.toString()), "test");

    assertThat(run.out()).isEqualTo("mvnw " + home + " -B verify\n");
  }

  @Test
  void anOldJavaHomeIsPassedOver() throws Exception {
    Path old = jdk("old", "17.0.15");
    Path good = jdk("temurin-25", "25");

    Run run = run(Map.of("JAVA_HOME", old.toString()), "test", "-pl", "common");

    assertThat(run.out()).isEqualTo("mvnw " + good + " -B verify -pl common\n");
  }

  @Test
  void aRuntimeWithoutCompilerIsNoJdk() throws Exception {
    Path runtime = jdk("runtime", "25");
    Files.delete(runtime.resolve("bin/javac"));

    assertThat(run(Map.of(), "test").exitCode()).isEqualTo(1);
  }

  @Test
  void withoutJdkItSaysWhatToInstall() throws Exception {
    jdk("old", "24.0.2");

    Run run = run(Map.of(), "status");

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("no JDK 25 or newer was found").contains("JAVA_HOME");
  }

  @Test
  void aLinkFromElsewhereLeadsToTheProject() throws Exception {
    jdk("25", "25");
    Path link = Files.createDirectories(folder.resolve("bin")).resolve("slipway");
    Files.createSymbolicLink(link, Path.of("../a project/slipway"));

    assertThat(runAs(link, Map.of(), "test").out()).startsWith("mvnw ");
  }

  @Test
  void buildsOnceThenRunsTheCommandWithItsArgumentsUntouched() throws Exception {
    jdk("25", "25");
    Files.writeString(root.resolve("pom.xml"), "<project/>");

    Run first = run(Map.of(), "db", "two words", "$x");
    Run second = run(Map.of(), "status");

    assertThat(first.err()).contains("building").contains("built in");
    assertThat(first.out()).contains("|db|two words|$x|");
    assertThat(second.err()).doesNotContain("building");
    assertThat(second.out()).contains("|status|");
  }

  @Test
  void aNewerSourceBuildsAgain() throws Exception {
    jdk("25", "25");
    Files.writeString(root.resolve("pom.xml"), "<project/>");
    run(Map.of(), "status");
    Path source = Files.createDirectories(root.resolve("common/src/main")).resolve("A.java");
    Files.writeString(source, "class A {}");
    Files.setLastModifiedTime(
        source,
        FileTime.fromMillis(
            Files.getLastModifiedTime(root.resolve("target/slipway.built")).toMillis() + 5_000));

    assertThat(run(Map.of(), "status").err()).contains("building");
  }

  @Test
  void aFailedBuildShowsItsErrorsAndRunsNothing() throws Exception {
    jdk("25", "25");
    Files.writeString(root.resolve("pom.xml"), "<project/>");
    program(root.resolve("mvnw"), "echo '[ERROR] it is broken'; exit 3");

    Run run = run(Map.of(), "status");

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("it is broken").contains("the build failed");
  }

  @Test
  void aBuildWaitsForAnotherOne() throws Exception {
    jdk("25", "25");
    Files.writeString(root.resolve("pom.xml"), "<project/>");
    Path lock = Files.createDirectories(root.resolve("target")).resolve("build.lock");
    Process other =
        new ProcessBuilder("flock", lock.toString(), "sh", "-c", "echo held; exec cat").start();
    try (BufferedReader said = other.inputReader(UTF_8)) {
      assertThat(said.readLine()).isEqualTo("held");
      Process waiting = begin(root.resolve("slipway"), Map.of(), "status");
      await()
          .until(
              () -> Files.readString(folder.resolve("err")).contains("waiting for another build"));
      assertThat(folder.resolve("out")).isEmptyFile();

      other.getOutputStream().close();

      assertThat(ended(waiting).out()).contains("|status|");
    } finally {
      other.destroyForcibly();
    }
  }

  @Test
  void whatABuildLeavesRunningDoesNotHoldUpTheNextOne() throws Exception {
    jdk("25", "25");
    Files.writeString(root.resolve("pom.xml"), "<project/>");
    program(
        root.resolve("mvnw"),
        "sleep 1000 & echo $! > left; mkdir -p cli/target; : > cli/target/cli-0.1.0-SNAPSHOT.jar");
    run(Map.of(), "status");
    ProcessHandle left =
        ProcessHandle.of(Long.parseLong(Files.readString(root.resolve("left")).strip()))
            .orElseThrow();
    program(root.resolve("mvnw"), "exit 0");
    Files.delete(root.resolve("target/slipway.built"));
    try {
      Run next = run(Map.of(), "status");

      assertThat(left.isAlive()).isTrue();
      assertThat(next.exitCode()).isZero();
      assertThat(next.err()).contains("building").doesNotContain("waiting");
    } finally {
      left.destroy();
    }
  }

  @Test
  void whereNothingCanBeBuiltThatIsSaid() throws Exception {
    jdk("25", "25");
    Files.writeString(root.resolve("pom.xml"), "<project/>");
    // Not even root makes a folder where a file is.
    Files.createFile(root.resolve("target"));

    Run run = run(Map.of(), "status");

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err())
        .contains("target/build.lock cannot be written")
        .contains("SLIPWAY_NO_BUILD=1");
  }

  @Test
  void imagesAreBuiltByWhicheverComposeThereIs() throws Exception {
    jdk("25", "25");
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Map<String, String> path = Map.of("PATH", bin + ":/usr/bin:/bin");
    program(bin.resolve("docker"), "[ \"$1\" = compose ] && echo docker \"$@\"");

    assertThat(run(path, "images", "--pull").out()).endsWith("docker compose build --pull\n");

    program(bin.resolve("docker"), "exit 1");
    program(bin.resolve("docker-compose"), "echo \"$DOCKER_BUILDKIT\" docker-compose \"$@\"");

    assertThat(run(path, "images").out()).endsWith("0 docker-compose build\n");
  }

  @Test
  void theGroupOfTheEngineIsALineOfItsOwn() throws Exception {
    jdk("25", "25");
    Path bin = Files.createDirectories(folder.resolve("bin"));
    program(bin.resolve("docker"), "exit 0");
    Path settings = Files.writeString(root.resolve(".env"), "SLIPWAY_PORT=9443");
    Path socket = folder.resolve("docker.sock");
    Files.writeString(
        root.resolve("slipway"),
        Files.readString(root.resolve("slipway"))
            .replace("socket=/var/run/docker.sock", "socket='" + socket + "'"));
    try (ServerSocketChannel engine = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      engine.bind(UnixDomainSocketAddress.of(socket));
      Map<String, String> path = Map.of("PATH", bin + ":/usr/bin:/bin");

      assertThat(run(path, "images").exitCode()).isZero();
      assertThat(run(path, "images").exitCode()).isZero();
    }

    assertThat(settings).content().matches("SLIPWAY_PORT=9443\nSLIPWAY_DOCKER_GROUP=[0-9]+\n");
  }

  @Test
  void helpWithImagesBuildsNothing() throws Exception {
    jdk("25", "25");
    Files.writeString(root.resolve("pom.xml"), "<project/>");

    Run run = run(Map.of(), "images", "--help");

    assertThat(run.out()).startsWith("Usage: slipway images");
    assertThat(run.err()).isEmpty();
  }

  private Path jdk(String name, String version) throws IOException {
    Path home = Files.createDirectories(jdks.resolve(name));
    Files.createDirectories(home.resolve("bin"));
    program(home.resolve("bin/java"), "printf '|%s' \"$@\"; echo '|'");
    program(home.resolve("bin/javac"), "exit 0");
    Files.writeString(
        home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    return home;
  }

  private Run run(Map<String, String> environment, String... arguments) throws Exception {
    return runAs(root.resolve("slipway"), environment, arguments);
  }

  private Run runAs(Path script, Map<String, String> environment, String... arguments)
      throws Exception {
    return ended(begin(script, environment, arguments));
  }

  private Process begin(Path script, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(folder.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", "/usr/bin:/bin");
    builder.environment().put("HOME", folder.toString());
    builder.environment().put("SLIPWAY_JDK_FOLDERS", jdks.toString());
    builder.environment().putAll(environment);
    builder.redirectOutput(folder.resolve("out").toFile());
    builder.redirectError(folder.resolve("err").toFile());
    Process process = builder.start();
    process.getOutputStream().close();
    return process;
  }

  private Run ended(Process process) throws Exception {
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Run(
        process.exitValue(),
        Files.readString(folder.resolve("out"), UTF_8),
        Files.readString(folder.resolve("err"), UTF_8));
  }

  private static void program(Path file, String body) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + body + "\n");
    executable(file);
  }

  private static void executable(Path file) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
