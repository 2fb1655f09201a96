package dev.slipway.localstack;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// The process: Kafka inside it, the control Postgres beside it.
///
/// It is configured by environment variables, says `ready` on standard output when both answer, and
/// stops both when it is asked to end. When it is killed instead, Postgres runs on and is adopted
/// by the next one.
///
/// `--test [FOLDER]` starts a throw-away stack on free ports instead; see [TestStack]. `--attached`
/// makes it end with its standard input, so that it never outlives who started it; `--durable`
/// makes its Postgres wait for the disk.
public final class Main {

  /// The services that have a database here, by the name of their role and database.
  private static final Map<String, String> SERVICES =
      Map.of(
          "account_service", "account-service",
          "instance_service", "instance-service",
          "deploy_service", "deploy-service");

  private Main() {}

  public static void main(String[] arguments) throws InterruptedException {
    ConsoleLog.install();
    List<String> options = List.of(arguments);
    try {
      if (options.contains("--test")) {
        test(options);
      } else {
        serve(System.getenv());
      }
    } catch (IOException | IllegalArgumentException failure) {
      System.err.println(failure.getMessage());
      System.exit(1);
    } catch (RuntimeException failure) {
      // Threads of a half started broker would keep the process, which then serves nothing.
      failure.printStackTrace();
      System.exit(1);
    }
  }

  private static void serve(Map<String, String> environment)
      throws IOException, InterruptedException {
    Path home = Path.of(required(environment, "SLIPWAY_HOME"));
    Path data = folder(environment, "SLIPWAY_DATA_DIRECTORY", home.resolve("data"));
    Path keys = folder(environment, "SLIPWAY_KEYS_DIRECTORY", home.resolve("keys"));
    Path binaries = folder(environment, "SLIPWAY_POSTGRES_DIRECTORY", data.resolve("postgres-18"));
    Map<String, String> services = new LinkedHashMap<>();
    for (Map.Entry<String, String> service : SERVICES.entrySet()) {
      services.put(
          service.getKey(), KeyFile.ensure(keys.resolve(service.getValue() + ".password")));
    }
    LocalStack.Settings settings =
        new LocalStack.Settings(
            binaries,
            new LocalStack.ControlPostgresSettings(
                data.resolve("control"),
                data.resolve("control.log"),
                port(environment, "SLIPWAY_POSTGRES_PORT"),
                KeyFile.ensure(keys.resolve("postgres.password")),
                services,
                true),
            new KafkaBroker.Settings(
                data.resolve("kafka"),
                port(environment, "SLIPWAY_KAFKA_PORT"),
                port(environment, "SLIPWAY_KAFKA_CONTROLLER_PORT"),
                KeyFile.ensure(keys.resolve("kafka.password")),
                Topics.ALL));
    @Nullable HealthEndpoint health =
        environment.containsKey("SLIPWAY_HEALTH_PORT")
            ? HealthEndpoint.start(port(environment, "SLIPWAY_HEALTH_PORT"))
            : null;
    FutureTask<LocalStack> start = new FutureTask<>(() -> LocalStack.start(settings));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(start, settings), "stop"));
    start.run();
    LocalStack stack = result(start);
    if (health != null) {
      health.watch(stack);
    }
    System.out.println("ready");
  }

  /// Asked to end while it starts, it waits a while for the start, so as not to race with it.
  private static void stop(FutureTask<LocalStack> start, LocalStack.Settings settings) {
    try {
      start.get(5, TimeUnit.SECONDS).close();
    } catch (ExecutionException notStarted) {
      // What was started has been stopped where it failed.
    } catch (TimeoutException slow) {
      try {
        ControlPostgres.stop(settings.postgres().directory());
      } catch (IOException | InterruptedException failure) {
        System.err.println("Postgres may still run: " + failure.getMessage());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static LocalStack result(FutureTask<LocalStack> start)
      throws IOException, InterruptedException {
    try {
      return start.get();
    } catch (ExecutionException failure) {
      if (failure.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IOException("The local stack did not start: " + failure.getCause(), failure);
    }
  }

  private static void test(List<String> options) throws IOException, InterruptedException {
    List<String> folders = options.stream().filter(it -> !it.startsWith("--")).toList();
    TestFolder folder = TestFolder.create();
    LocalStack stack = TestStack.start(folder.path(), options.contains("--durable"));
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  stack.close();
                  try {
                    folder.close();
                  } catch (IOException left) {
                    System.err.println("The test stack left its folder: " + left.getMessage());
                  }
                },
                "stop"));
    Path described = folders.isEmpty() ? folder.path() : Path.of(folders.getFirst());
    TestStack.describe(folder.path(), described);
    System.out.println("ready " + described.toAbsolutePath());
    if (options.contains("--attached")) {
      while (System.in.read() >= 0) {
        // Nothing is said there; the end of it is the message.
      }
      System.exit(0);
    }
  }

  private static Path folder(Map<String, String> environment, String name, Path otherwise) {
    return Path.of(environment.getOrDefault(name, otherwise.toString()));
  }

  private static String required(Map<String, String> environment, String name) {
    @Nullable String value = environment.get(name);
    if (value == null || value.isBlank()) {
      throw new IllegalArgumentException("The environment variable " + name + " is not set");
    }
    return value;
  }

  private static int port(Map<String, String> environment, String name) {
    String value = required(environment, name);
    try {
      int port = Integer.parseInt(value);
      if (port > 0 && port < 65536) {
        return port;
      }
    } catch (NumberFormatException notANumber) {
      // Said below, the same as for a number that is no port.
    }
    throw new IllegalArgumentException(
        "The environment variable " + name + " is not a port: " + value);
  }
}
