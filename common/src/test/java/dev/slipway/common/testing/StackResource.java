package dev.slipway.common.testing;

import dev.slipway.localstack.TestStack;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Gives a Quarkus test the real Kafka and Postgres of [TestStack], a database of its own, and keys
/// in a folder that goes away with it.
///
/// ```java
/// @WithTestResource(value = StackResource.class,
///     initArgs = @ResourceArg(name = StackResource.SERVICE, value = "account-service"))
/// ```
public final class StackResource implements QuarkusTestResourceLifecycleManager {

  /// Names the service under test.
  public static final String SERVICE = "service";

  private String service = "service-under-test";
  private @Nullable Path keys;

  @Override
  public void init(Map<String, String> arguments) {
    service = arguments.getOrDefault(SERVICE, service);
  }

  @Override
  public Map<String, String> start() {
    TestStack stack = TestStack.shared();
    Map<String, String> configuration = new HashMap<>(stack.quarkusConfiguration(service));
    String database = stack.createDatabase(service.replace('-', '_'));
    configuration.put("quarkus.datasource.jdbc.url", stack.jdbcUrl(database));
    configuration.put("quarkus.datasource.username", stack.databaseUser(database));
    configuration.put("quarkus.datasource.password", stack.databasePassword(database));
    try {
      keys = Files.createTempDirectory("slipway-keys");
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
    configuration.put("slipway.keys.directory", keys.toString());
    return configuration;
  }

  @Override
  public void stop() {
    if (keys == null) {
      return;
    }
    try (Stream<Path> files = Files.list(keys)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(keys);
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }
}
