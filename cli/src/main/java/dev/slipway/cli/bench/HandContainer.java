package dev.slipway.cli.bench;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.platform.FreePorts;
import dev.slipway.cli.platform.RandomPassword;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/// A Postgres in a container, made by hand as anybody would: `docker run`, until it accepts a
/// connection.
///
/// @param image the one that the platform uses
record HandContainer(String image) {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final long NEXT_TRY_MILLIS = 15;

  /// From the command until somebody has signed in; removed again.
  Duration started() throws IOException, InterruptedException {
    String password = RandomPassword.letters();
    int port = FreePorts.find(1).getFirst();
    long began = System.nanoTime();
    String container =
        docker(
            "run",
            "-d",
            "-e",
            "POSTGRES_PASSWORD=" + password,
            "-p",
            "127.0.0.1:%d:5432".formatted(port),
            image);
    try {
      await(port, password, began);
      return Duration.ofNanos(System.nanoTime() - began);
    } finally {
      docker("rm", "-fv", container);
    }
  }

  private void await(int port, String password, long began) throws InterruptedException {
    Properties properties = new Properties();
    properties.setProperty("user", "postgres");
    properties.setProperty("password", password);
    properties.setProperty("sslmode", "disable");
    String url = "jdbc:postgresql://127.0.0.1:%d/postgres".formatted(port);
    while (true) {
      try (Connection connection = DriverManager.getConnection(url, properties)) {
        if (connection.isValid(5)) {
          return;
        }
      } catch (SQLException notYet) {
        if (System.nanoTime() - began > PATIENCE.toNanos()) {
          throw CommandFailure.failed("bench-failed", "the container made by hand does not answer")
              .cause(notYet)
              .build();
        }
      }
      TimeUnit.MILLISECONDS.sleep(NEXT_TRY_MILLIS);
    }
  }

  private static String docker(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("docker"));
    command.addAll(List.of(arguments));
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException absent) {
      throw CommandFailure.failed("no-docker", "there is no command docker to compare with")
          .cause(absent)
          .build();
    }
    process.getOutputStream().close();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (process.waitFor() != 0) {
      throw CommandFailure.failed("bench-failed", "docker %s did not work".formatted(arguments[0]))
          .details(output)
          .build();
    }
    return output;
  }
}
