package dev.slipway.installation;

import dev.slipway.localstack.ConsoleLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// `secrets` or `stores`; what has to be known comes in environment variables.
public final class Main {

  private Main() {}

  /// Ends with 0 when everything is there.
  public static void main(String[] arguments) throws InterruptedException {
    ConsoleLog.install();
    try {
      run(List.of(arguments), System.getenv());
    } catch (IOException | IllegalArgumentException failure) {
      System.err.println(failure.getMessage());
      System.exit(1);
    }
  }

  static void run(List<String> arguments, Map<String, String> environment)
      throws IOException, InterruptedException {
    Path installation =
        Path.of(environment.getOrDefault("SLIPWAY_INSTALLATION_DIRECTORY", "/installation"));
    switch (arguments.isEmpty() ? "" : arguments.getFirst()) {
      case "secrets" -> {
        Path parts = Path.of(environment.getOrDefault("SLIPWAY_PARTS_DIRECTORY", "/parts"));
        new Secrets(installation, parts, id(environment, "SLIPWAY_USER"))
            .ensure(id(environment, "POSTGRES_USER_ID"), id(environment, "KAFKA_USER_ID"));
        System.out.println("Every part has its secrets.");
      }
      case "stores" -> {
        new Stores(installation)
            .ensure(
                required(environment, "POSTGRES_ADDRESS"),
                required(environment, "KAFKA_BOOTSTRAP_SERVERS"));
        System.out.println("Databases and topics are there.");
      }
      default -> throw new IllegalArgumentException("Say what to make: secrets, or stores.");
    }
  }

  private static int id(Map<String, String> environment, String name) {
    try {
      return Integer.parseInt(required(environment, name));
    } catch (NumberFormatException notANumber) {
      throw new IllegalArgumentException(
          "The environment variable " + name + " is not the number of a user", notANumber);
    }
  }

  private static String required(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name))
        .filter(value -> !value.isBlank())
        .orElseThrow(
            () -> new IllegalArgumentException("The environment variable " + name + " is not set"));
  }
}
