package dev.slipway.cli.system;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.awaitility.Awaitility;

/// Another replica of a service, started as the launcher has started the first.
///
/// @param port where it answers; the gateway does not know it
record SecondReplica(Process process, int port, Path log) implements AutoCloseable {

  /// Returns when it is ready.
  static SecondReplica of(PlatformFromOutside platform, String service) throws IOException {
    long first = platform.process(service).pid();
    int port = PlatformUnderTest.PORTS.choose(1).getFirst();
    Path log = platform.home().resolve("logs/%s-2.log".formatted(service));
    List<String> command =
        Arrays.stream(Files.readString(Path.of("/proc/" + first + "/cmdline")).split("\0", -1))
            .filter(argument -> !argument.isEmpty())
            .toList();
    var builder = new ProcessBuilder(command);
    builder.environment().clear();
    for (String variable :
        new String(
                Files.readAllBytes(Path.of("/proc/" + first + "/environ")), StandardCharsets.UTF_8)
            .split("\0", -1)) {
      int equals = variable.indexOf('=');
      if (equals > 0) {
        builder.environment().put(variable.substring(0, equals), variable.substring(equals + 1));
      }
    }
    builder.environment().put("QUARKUS_HTTP_PORT", Integer.toString(port));
    builder.environment().put("SLIPWAY_REPLICA", service + "-2");
    Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    var replica = new SecondReplica(process, port, log);
    Awaitility.await("the second replica of " + service)
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .ignoreExceptions()
        .until(replica::ready);
    return replica;
  }

  /// Whether it says so of itself.
  boolean ready() throws IOException {
    var connection =
        (HttpURLConnection)
            URI.create("http://127.0.0.1:%d/q/health/ready".formatted(port))
                .toURL()
                .openConnection();
    try {
      return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
    } finally {
      connection.disconnect();
    }
  }

  /// Whether it has moved an operation on.
  boolean worked() throws IOException {
    return Files.readString(log).contains(" operation=");
  }

  /// Stops it in an orderly way, as a redeploy of the service does.
  void stop() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(PlatformUnderTest.PATIENCE)) {
      throw new AssertionError("It does not stop, see " + log);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
