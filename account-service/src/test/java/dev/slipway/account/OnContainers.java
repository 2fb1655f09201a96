package dev.slipway.account;

import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import dev.slipway.localstack.FreePorts;
import dev.slipway.localstack.Topics;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.quarkus.test.junit.QuarkusTestProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.admin.Admin;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.lifecycle.Startables;

/// The service on the public images of Kafka and Postgres, instead of the local stack: what the
/// local stack makes small must not be what makes it work.
public final class OnContainers implements QuarkusTestProfile {

  @Override
  public List<TestResourceEntry> testResources() {
    return List.of(
        new TestResourceEntry(Containers.class), new TestResourceEntry(FakeOwners.class));
  }

  @Override
  public boolean disableGlobalTestResources() {
    return true;
  }

  /// Both servers.
  public static final class Containers implements QuarkusTestResourceLifecycleManager {

    private static final int POSTGRES = 5432;
    private static final int KAFKA = 9092;
    private static final String PASSWORD = "of-a-container-that-goes-away";

    private final int kafkaPort = freePort();

    /// The engine's default one may be switched off.
    private final Network network = Network.newNetwork();

    private final GenericContainer<?> postgres =
        new GenericContainer<>("postgres:18")
            .withNetwork(network)
            .withEnv("POSTGRES_PASSWORD", PASSWORD)
            .withEnv("POSTGRES_DB", "account_service")
            .withExposedPorts(POSTGRES)
            // The server that only initialises says so too, and is the first to.
            .waitingFor(
                Wait.forLogMessage(".*database system is ready to accept connections.*", 2));

    /// Clients are told to come back to the address they came to, so it is chosen before.
    private final GenericContainer<?> kafka =
        new GenericContainer<>("apache/kafka:4.0.0")
            .withNetwork(network)
            .withEnv("KAFKA_NODE_ID", "1")
            .withEnv("KAFKA_PROCESS_ROLES", "broker,controller")
            .withEnv("KAFKA_LISTENERS", "PLAINTEXT://:9092,CONTROLLER://localhost:9093")
            .withEnv("KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://127.0.0.1:" + kafkaPort)
            .withEnv("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER")
            .withEnv(
                "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT")
            .withEnv("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@localhost:9093")
            .withEnv("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1")
            .withEnv("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1")
            .withEnv("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1")
            .withEnv("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0")
            .withEnv("KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS", "1000")
            .withExposedPorts(KAFKA)
            .withCreateContainerCmdModifier(
                command ->
                    Objects.requireNonNull(command.getHostConfig())
                        .withPortBindings(
                            new PortBinding(
                                Ports.Binding.bindIpAndPort("127.0.0.1", kafkaPort),
                                ExposedPort.tcp(KAFKA))))
            .waitingFor(Wait.forListeningPort().withStartupTimeout(Duration.ofMinutes(2)));

    @Override
    public Map<String, String> start() {
      Startables.deepStart(postgres, kafka).join();
      String bootstrap = "127.0.0.1:" + kafkaPort;
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
        Topics.ensure(admin, Topics.ALL);
        return Map.of(
            "quarkus.datasource.jdbc.url",
            "jdbc:postgresql://127.0.0.1:%d/account_service"
                .formatted(postgres.getMappedPort(POSTGRES)),
            "quarkus.datasource.username",
            "postgres",
            "quarkus.datasource.password",
            PASSWORD,
            "kafka.bootstrap.servers",
            bootstrap,
            "slipway.keys.directory",
            Path.of("target", "keys-on-containers").toAbsolutePath().toString());
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while Kafka started", interrupted);
      }
    }

    @Override
    public void stop() {
      kafka.stop();
      postgres.stop();
      network.close();
    }

    private static int freePort() {
      try {
        return FreePorts.find(1).getFirst();
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }
  }
}
