package dev.slipway.localstack;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// Kafka and the control Postgres, started side by side and stopped together.
public final class LocalStack implements AutoCloseable {

  /// What a stack is made of.
  ///
  /// @param postgresFolder where Postgres is unpacked when the machine has none
  /// @param postgres everything about the server but its programs
  public record Settings(
      Path postgresFolder, ControlPostgresSettings postgres, KafkaBroker.Settings kafka) {}

  /// See [ControlPostgres.Settings], which has the programs too.
  public record ControlPostgresSettings(
      Path directory,
      Path log,
      int port,
      String password,
      Map<String, String> services,
      boolean durable) {

    public ControlPostgresSettings {
      services = Map.copyOf(services);
    }

    /// Without the passwords.
    @Override
    public String toString() {
      return "ControlPostgresSettings[directory=" + directory + ", port=" + port + "]";
    }

    private ControlPostgres.Settings with(PostgresBinaries binaries) {
      return new ControlPostgres.Settings(
          binaries, directory, log, port, password, services, durable);
    }
  }

  private final ControlPostgres postgres;
  private final KafkaBroker kafka;

  private LocalStack(ControlPostgres postgres, KafkaBroker kafka) {
    this.postgres = postgres;
    this.kafka = kafka;
  }

  /// Answers when both do. When one does not start, what was started of the other is stopped again.
  public static LocalStack start(Settings settings) throws IOException, InterruptedException {
    FutureTask<ControlPostgres> postgres =
        begin(
            "start-postgres",
            () ->
                ControlPostgres.start(
                    settings.postgres().with(PostgresBinaries.ensure(settings.postgresFolder()))));
    FutureTask<KafkaBroker> kafka = begin("start-kafka", () -> KafkaBroker.start(settings.kafka()));
    ControlPostgres server;
    try {
      server = await(postgres);
    } catch (IOException failure) {
      try {
        await(kafka).close();
      } catch (IOException both) {
        failure.addSuppressed(both);
      }
      throw failure;
    }
    try {
      return new LocalStack(server, await(kafka));
    } catch (IOException failure) {
      // It may be in use by another process, which is also why Kafka would not start.
      server.withdraw();
      throw failure;
    }
  }

  public ControlPostgres postgres() {
    return postgres;
  }

  public KafkaBroker kafka() {
    return kafka;
  }

  @Override
  public void close() {
    Thread stopping = Thread.ofPlatform().name("stop-kafka").start(kafka::close);
    postgres.close();
    try {
      stopping.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static <T> FutureTask<T> begin(String name, Callable<T> start) {
    FutureTask<T> task = new FutureTask<>(start);
    Thread.ofPlatform().daemon().name(name).start(task);
    return task;
  }

  private static <T> T await(FutureTask<T> task) throws IOException, InterruptedException {
    try {
      return task.get();
    } catch (ExecutionException failure) {
      if (failure.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IOException("The local stack did not start: " + failure.getCause(), failure);
    }
  }
}
