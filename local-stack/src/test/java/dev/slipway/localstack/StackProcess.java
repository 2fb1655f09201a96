package dev.slipway.localstack;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// [Main] as the launcher runs it.
final class StackProcess implements AutoCloseable {

  private final Path home;
  private final List<String> before;
  private final String classPath;
  private final List<Integer> ports;
  private Process process;

  private StackProcess(Path home, List<String> before, String classPath, List<Integer> ports)
      throws IOException {
    this.home = home;
    this.before = before;
    this.classPath = classPath;
    this.ports = ports;
    this.process = begin();
  }

  static StackProcess start(Path home) throws IOException {
    return start(home, List.of(), System.getProperty("java.class.path"));
  }

  /// @param before the command that runs the command, such as one that becomes another user
  static StackProcess start(Path home, List<String> before, String classPath) throws IOException {
    StackProcess stack = new StackProcess(home, before, classPath, FreePorts.find(4));
    stack.awaitReady();
    return stack;
  }

  void restart() throws IOException {
    process = begin();
    awaitReady();
  }

  private Process begin() throws IOException {
    List<String> command = new ArrayList<>(before);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx256m",
            Main.class.getName()));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("CLASSPATH", classPath);
    builder.environment().put("SLIPWAY_HOME", home.toString());
    builder.environment().put("SLIPWAY_POSTGRES_DIRECTORY", TestFolder.binaries(home).toString());
    builder.environment().put("SLIPWAY_POSTGRES_PORT", ports.get(0).toString());
    builder.environment().put("SLIPWAY_KAFKA_PORT", ports.get(1).toString());
    builder.environment().put("SLIPWAY_KAFKA_CONTROLLER_PORT", ports.get(2).toString());
    builder.environment().put("SLIPWAY_HEALTH_PORT", ports.get(3).toString());
    return builder.start();
  }

  private void awaitReady() throws IOException {
    BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
    StringBuilder said = new StringBuilder();
    @Nullable String line;
    while ((line = output.readLine()) != null) {
      if (line.equals("ready")) {
        return;
      }
      said.append(line).append('\n');
    }
    throw new IOException("The stack did not start:\n" + said);
  }

  Path keys() {
    return home.resolve("keys");
  }

  String key(String name) throws IOException {
    return Files.readString(keys().resolve(name));
  }

  int postgresPort() {
    return ports.get(0);
  }

  int kafkaPort() {
    return ports.get(1);
  }

  /// The server's process, as its own file tells it.
  long postmaster() {
    return PostmasterFile.read(home.resolve("data/control")).orElseThrow().pid();
  }

  HttpResponse<String> health() throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + ports.get(3) + "/health"))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /// Asks it to end; answers whether it did so in time.
  boolean terminate() throws InterruptedException {
    process.destroy();
    return process.waitFor(15, TimeUnit.SECONDS);
  }

  @Override
  public void close() throws IOException {
    try {
      if (!terminate()) {
        kill();
      }
      ControlPostgres.stop(home.resolve("data/control"));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
