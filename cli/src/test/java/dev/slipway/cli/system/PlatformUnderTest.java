package dev.slipway.cli.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.platform.PortReservation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// The platform of a test run: started by the first test that asks for it, stopped and removed when
/// the run ends.
final class PlatformUnderTest implements AutoCloseable {

  /// How a program ended.
  ///
  /// @param logs of the platform that it was about
  record Result(int exitCode, String out, String err, @Nullable Path logs) {

    JsonNode json() throws IOException {
      return Json.MAPPER.readTree(out);
    }

    Result succeeded() {
      if (exitCode != 0) {
        throw new AssertionError(
            "exit code %d\n%s\n%s\n%s".formatted(exitCode, out, err, complaints()));
      }
      return this;
    }

    /// What the parts of the platform have complained about of late, since a command that fails
    /// often only says that one of them was not there.
    private String complaints() {
      if (logs == null || !Files.isDirectory(logs)) {
        return "";
      }
      List<String> complaints = new ArrayList<>();
      try (var files = Files.newDirectoryStream(logs, "*.log")) {
        for (Path file : files) {
          boolean launcher = file.endsWith("launcher.log");
          List<String> lines =
              Files.readAllLines(file, UTF_8).stream()
                  .filter(line -> launcher || line.contains(" WARN ") || line.contains(" ERROR "))
                  .toList();
          lines.subList(Math.max(0, lines.size() - 10), lines.size()).stream()
              .map(line -> file.getFileName() + ": " + line)
              .forEach(complaints::add);
        }
      } catch (IOException unreadable) {
        complaints.add("the logs cannot be read: " + unreadable);
      }
      return String.join("\n", complaints);
    }
  }

  /// A deploy that installs gives way to all that the other tests do.
  static final Duration PATIENCE = Duration.ofMinutes(15);

  private final AtomicBoolean closed = new AtomicBoolean();

  /// Until the run ends: a gateway that is killed wants its port again.
  @SuppressWarnings("resource")
  static final PortReservation PORTS = new PortReservation();

  private static @Nullable PlatformUnderTest running;
  private static @Nullable Path cache;

  private final Path root = Path.of("..").toAbsolutePath().normalize();
  private final Path folder;
  private final Path home;
  private final int port;
  private final Map<String, String> settings;

  private PlatformUnderTest(Map<String, String> settings) throws IOException {
    this.settings = settings;
    folder = Files.createTempDirectory("slipway-system-");
    // Where root runs it, the servers run as another user, who has to pass through.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
    home = folder.resolve("home");
    port = PORTS.choose(1).getFirst();
  }

  static synchronized PlatformUnderTest get() throws IOException, InterruptedException {
    @Nullable PlatformUnderTest known = running;
    if (known != null) {
      return known;
    }
    PlatformUnderTest fresh = new PlatformUnderTest(Map.of());
    Runtime.getRuntime().addShutdownHook(new Thread(fresh::close, "remove-platform"));
    fresh.slipway(fresh.folder, "up", "--detach").succeeded();
    running = fresh;
    return fresh;
  }

  /// Another one, beside the first, that a test starts, stops and closes as it likes; removed when
  /// the run ends.
  static PlatformUnderTest another() throws IOException {
    return another(Map.of());
  }

  /// One with settings of its own, as environment variables.
  static PlatformUnderTest another(Map<String, String> settings) throws IOException {
    PlatformUnderTest fresh = new PlatformUnderTest(settings);
    Runtime.getRuntime().addShutdownHook(new Thread(fresh::close, "remove-another-platform"));
    return fresh;
  }

  Path home() {
    return home;
  }

  Path folder() {
    return folder;
  }

  int port() {
    return port;
  }

  /// Trusts this platform's authority and nothing else.
  SSLContext trust() {
    return Tls.trusting(home.resolve("ca/ca.pem"));
  }

  /// A folder to be signed in in.
  Path workFolder(String name) throws IOException {
    return Files.createDirectories(folder.resolve(name));
  }

  /// Runs the `slipway` command.
  Result slipway(Path directory, String... arguments) throws IOException, InterruptedException {
    return slipwayWith(directory, "", arguments);
  }

  Result slipwayWith(Path directory, String input, String... arguments)
      throws IOException, InterruptedException {
    Map<String, String> environment = environment();
    if (arguments[0].equals("up")) {
      // What this machine's programs trust is a matter of installs, which are the platform's.
      System.getenv().entrySet().stream()
          .filter(variable -> variable.getKey().equals("NODE_EXTRA_CA_CERTS"))
          .forEach(variable -> environment.put(variable.getKey(), variable.getValue()));
    }
    return run(directory, environment, input, slipwayCommand(arguments));
  }

  /// Starts the `slipway` command, as in a terminal where Ctrl-C is a signal to it.
  Running begin(Path directory, String... arguments) throws IOException, InterruptedException {
    // A test run in the background ignores interrupts, which every child would inherit.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
    command.addAll(slipwayCommand(arguments));
    Path out = Files.createTempFile(folder, "out", ".txt");
    Path err = Files.createTempFile(folder, "err", ".txt");
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment());
    builder.redirectInput(Path.of("/dev/null").toFile());
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    return new Running(builder.start(), out, err, logs(environment()));
  }

  /// A program that runs.
  record Running(Process process, Path outFile, Path errFile, @Nullable Path logs) {

    String out() throws IOException {
      return Files.readString(outFile, UTF_8);
    }

    String err() throws IOException {
      return Files.readString(errFile, UTF_8);
    }

    void send(String signal) throws IOException, InterruptedException {
      run(
              Path.of("/"),
              System.getenv(),
              "",
              List.of("kill", "-" + signal, Long.toString(process.pid())))
          .succeeded();
    }

    Result end() throws IOException, InterruptedException {
      if (!process.waitFor(PATIENCE)) {
        process.destroyForcibly().waitFor();
      }
      return new Result(process.exitValue(), out(), err(), logs);
    }
  }

  private List<String> slipwayCommand(String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(java());
    command.addAll(List.of("-XX:AOTCache=" + prepared(root), "-Dslipway.root=" + root));
    command.addAll(List.of("-cp", jar(root).toString(), "dev.slipway.cli.Main"));
    command.addAll(List.of(arguments));
    return command;
  }

  /// As the script at the root does it.
  private static List<String> java() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xss512k",
        "--enable-native-access=ALL-UNNAMED",
        "-Xlog:disable");
  }

  /// What the JVMs of the command, and of the platform's parts, find out about their classes in a
  /// first run is written down once, as the script does after a build. The tests start hundreds.
  ///
  /// @return the command's
  private static synchronized Path prepared(Path root) throws IOException, InterruptedException {
    @Nullable Path known = cache;
    if (known != null) {
      return known;
    }
    Path made = root.resolve("cli/target/system-tests.aot");
    Files.deleteIfExists(made);
    List<String> warmUp = new ArrayList<>(java());
    warmUp.addAll(List.of("-XX:AOTCacheOutput=" + made, "-cp", jar(root).toString()));
    warmUp.addAll(List.of("dev.slipway.cli.Main", "warm-up"));
    run(root, System.getenv(), "", warmUp).succeeded();
    List<String> train = new ArrayList<>(java());
    train.addAll(List.of("-XX:AOTCache=" + made, "-Dslipway.root=" + root));
    train.addAll(List.of("-cp", jar(root).toString(), "dev.slipway.cli.Main", "train"));
    run(root, System.getenv(), "", train).succeeded();
    cache = made;
    return made;
  }

  /// Signs somebody up, and in, in a folder of that name.
  Path user(String name) throws IOException, InterruptedException {
    Path mine = workFolder(name);
    slipwayWith(mine, "password-of-" + name + "\n", "register", "-u", name, "--password-stdin")
        .succeeded();
    return mine;
  }

  Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.remove("DBOS_DOMAIN");
    environment.remove("NODE_EXTRA_CA_CERTS");
    environment.put("SLIPWAY_HOME", home.toString());
    environment.put("SLIPWAY_PORT", Integer.toString(port));
    environment.putAll(settings);
    return environment;
  }

  static Result run(
      Path directory, Map<String, String> environment, String input, List<String> command)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("out", ".txt");
    Path err = Files.createTempFile("err", ".txt");
    Path in = Files.createTempFile("in", ".txt");
    try {
      Files.writeString(in, input);
      ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
      builder.environment().clear();
      builder.environment().putAll(environment);
      builder.redirectInput(in.toFile()).redirectOutput(out.toFile()).redirectError(err.toFile());
      Process process = builder.start();
      if (!process.waitFor(PATIENCE)) {
        process.destroyForcibly().waitFor();
      }
      return new Result(
          process.exitValue(),
          Files.readString(out, UTF_8),
          Files.readString(err, UTF_8),
          logs(environment));
    } finally {
      Files.delete(out);
      Files.delete(err);
      Files.delete(in);
    }
  }

  private static @Nullable Path logs(Map<String, String> environment) {
    String home = environment.get("SLIPWAY_HOME");
    return home == null ? null : Path.of(home, "logs");
  }

  private static Path jar(Path root) throws IOException {
    try (var files = Files.newDirectoryStream(root.resolve("cli/target"), "cli-*.jar")) {
      for (Path file : files) {
        return file;
      }
    }
    throw new IOException("cli is not packaged");
  }

  /// Stops it and removes it; one that stands idle takes its share of the processors.
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      slipway(folder, "down");
      Path data = home.resolve("data");
      if (Files.isSymbolicLink(data)) {
        delete(data.toRealPath());
      }
      delete(folder);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void delete(Path tree) throws IOException, InterruptedException {
    run(Path.of("/"), Map.copyOf(System.getenv()), "", List.of("rm", "-rf", "--", tree.toString()));
  }
}
