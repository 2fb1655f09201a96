package dev.slipway.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// One process of the service that is measured.
///
/// @param address where it answers
record Replica(Process process, URI address) implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /// Starts one as `slipway up` starts a service, and answers when it does.
  static Replica start(HttpClient client, Path log, int port, Map<String, String> environment)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xss512k",
                "-Xms64m",
                "-Xmx128m",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-jar",
                System.getProperty("java.class.path")));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    builder.environment().put("QUARKUS_HTTP_PORT", Integer.toString(port));
    var replica = new Replica(builder.start(), URI.create("http://127.0.0.1:" + port));
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (!replica.ready(client)) {
      if (!replica.process.isAlive() || System.nanoTime() > until) {
        replica.close();
        throw new IOException("a replica did not start, see " + log);
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    return replica;
  }

  private boolean ready(HttpClient client) throws InterruptedException {
    try {
      HttpRequest request = HttpRequest.newBuilder(address.resolve("/q/health/ready")).build();
      return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException notYet) {
      return false;
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException stopped) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
