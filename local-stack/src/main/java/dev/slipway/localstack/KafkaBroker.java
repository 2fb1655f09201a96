package dev.slipway.localstack;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/// One Kafka broker that is its own controller, inside this JVM, on the loopback interface.
///
/// It is the real thing made small: the log directory survives a restart and a kill, and the
/// services cannot tell it from a cluster. Every listener asks for a password, because every
/// process of the machine can reach the loopback.
public final class KafkaBroker implements AutoCloseable {

  /// The only user.
  public static final String USER = "slipway";

  /// What a broker is made of.
  ///
  /// @param directory the log directory; made when absent
  /// @param port of the clients' listener
  /// @param controllerPort of the listener the broker and its controller use between them
  /// @param password of [#USER], on both
  /// @param topics name and partitions of the topics there must be
  public record Settings(
      Path directory, int port, int controllerPort, String password, Map<String, Integer> topics) {

    public Settings {
      topics = Map.copyOf(topics);
    }

    /// Without the password.
    @Override
    public String toString() {
      return "KafkaBroker.Settings[directory=" + directory + ", port=" + port + "]";
    }
  }

  private final Settings settings;
  private final KafkaRaftServer server;
  private final Admin admin;

  private KafkaBroker(Settings settings, KafkaRaftServer server, Admin admin) {
    this.settings = settings;
    this.server = server;
    this.admin = admin;
  }

  /// Answers when the broker does and every topic is there.
  public static KafkaBroker start(Settings settings) throws IOException, InterruptedException {
    format(settings.directory());
    KafkaRaftServer server =
        new KafkaRaftServer(new KafkaConfig(configuration(settings), false), Time.SYSTEM);
    try {
      server.startup();
    } catch (RuntimeException failure) {
      server.shutdown();
      throw new IOException("Kafka did not start: " + failure.getMessage(), failure);
    }
    Properties properties = clientProperties(settings.port(), settings.password());
    properties.setProperty("metric.reporters", "");
    properties.setProperty("enable.metrics.push", "false");
    Admin admin = Admin.create(properties);
    KafkaBroker broker = new KafkaBroker(settings, server, admin);
    try {
      Topics.ensure(admin, settings.topics());
    } catch (IOException | InterruptedException failure) {
      broker.close();
      throw failure;
    }
    return broker;
  }

  public String bootstrapServers() {
    return "127.0.0.1:" + settings.port();
  }

  /// What any client needs to talk to the broker.
  static Properties clientProperties(int port, String password) {
    return clientProperties("127.0.0.1:" + port, password);
  }

  /// The same for a broker elsewhere that is set up like this one.
  public static Properties clientProperties(String bootstrapServers, String password) {
    Properties properties = new Properties();
    properties.setProperty("bootstrap.servers", bootstrapServers);
    properties.setProperty("security.protocol", "SASL_PLAINTEXT");
    properties.setProperty("sasl.mechanism", "PLAIN");
    properties.setProperty("sasl.jaas.config", login(password));
    return properties;
  }

  /// Whether the broker answers a question about itself.
  public boolean answers() {
    try {
      return !admin.describeCluster().nodes().get(2, TimeUnit.SECONDS).isEmpty();
    } catch (ExecutionException | TimeoutException silent) {
      return false;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void close() {
    admin.close(Duration.ofSeconds(1));
    server.shutdown();
    server.awaitShutdown();
  }

  /// Formats the log directory beside its place and renames it when it is whole.
  private static void format(Path directory) throws IOException {
    if (Files.exists(directory.resolve("meta.properties"))) {
      return;
    }
    Path target = directory.toAbsolutePath().normalize();
    Path parent = Files.createDirectories(target.resolveSibling(".").normalize());
    String half = target.getFileName() + ".formatting-";
    try (Stream<Path> siblings = Files.list(parent)) {
      for (Path left :
          siblings.filter(it -> it.getFileName().toString().startsWith(half)).toList()) {
        Folders.delete(left);
      }
    }
    Path fresh = Files.createTempDirectory(parent, half);
    Formatter formatter =
        new Formatter()
            .setPrintStream(
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
            .setNodeId(1)
            .setClusterId(Uuid.randomUuid().toString())
            .setControllerListenerName("CONTROLLER")
            .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
            .setMetadataLogDirectory(fresh.toString())
            .addDirectory(fresh.toString());
    try {
      formatter.run();
    } catch (IOException failure) {
      throw failure;
    } catch (Exception failure) {
      throw new IOException("Kafka could not format " + directory, failure);
    }
    Folders.delete(target);
    Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
  }

  /// How a client signs in as [#USER]: `sasl.jaas.config`.
  public static String login(String password) {
    return credentials(password) + ";";
  }

  /// The same for the broker, which also lets that client in.
  public static String logins(String password) {
    return credentials(password) + " user_" + USER + "=\"" + escaped(password) + "\";";
  }

  private static String credentials(String password) {
    return "org.apache.kafka.common.security.plain.PlainLoginModule required username=\""
        + USER
        + "\" password=\""
        + escaped(password)
        + "\"";
  }

  private static String escaped(String password) {
    return password.replace("\\", "\\\\").replace("\"", "\\\"");
  }

  private static Properties configuration(Settings settings) {
    Properties properties = new Properties();
    // Who it is.
    put(properties, "process.roles", "broker,controller");
    put(properties, "node.id", "1");
    put(properties, "controller.quorum.voters", "1@127.0.0.1:" + settings.controllerPort());
    put(
        properties,
        "listeners",
        "CLIENT://127.0.0.1:"
            + settings.port()
            + ",CONTROLLER://127.0.0.1:"
            + settings.controllerPort());
    put(properties, "advertised.listeners", "CLIENT://127.0.0.1:" + settings.port());
    put(properties, "controller.listener.names", "CONTROLLER");
    put(properties, "inter.broker.listener.name", "CLIENT");
    put(
        properties,
        "listener.security.protocol.map",
        "CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT");
    put(properties, "sasl.enabled.mechanisms", "PLAIN");
    put(properties, "sasl.mechanism.inter.broker.protocol", "PLAIN");
    put(properties, "sasl.mechanism.controller.protocol", "PLAIN");
    put(properties, "listener.name.client.plain.sasl.jaas.config", logins(settings.password()));
    put(properties, "listener.name.controller.plain.sasl.jaas.config", logins(settings.password()));
    put(properties, "log.dir", settings.directory().toAbsolutePath().toString());
    // One of everything.
    put(properties, "auto.create.topics.enable", "false");
    put(properties, "default.replication.factor", "1");
    put(properties, "min.insync.replicas", "1");
    put(properties, "offsets.topic.num.partitions", "1");
    put(properties, "offsets.topic.replication.factor", "1");
    put(properties, "offsets.topic.segment.bytes", "4194304");
    put(properties, "transaction.state.log.num.partitions", "1");
    put(properties, "transaction.state.log.replication.factor", "1");
    put(properties, "transaction.state.log.min.isr", "1");
    put(properties, "transaction.state.log.segment.bytes", "4194304");
    put(properties, "share.coordinator.state.topic.num.partitions", "1");
    put(properties, "share.coordinator.state.topic.replication.factor", "1");
    put(properties, "share.coordinator.state.topic.min.isr", "1");
    // Small.
    put(properties, "num.network.threads", "1");
    put(properties, "num.io.threads", "2");
    put(properties, "num.replica.fetchers", "1");
    put(properties, "num.replica.alter.log.dirs.threads", "1");
    put(properties, "num.recovery.threads.per.data.dir", "1");
    put(properties, "background.threads", "1");
    put(properties, "group.coordinator.threads", "1");
    put(properties, "share.coordinator.threads", "1");
    put(properties, "queued.max.requests", "100");
    put(properties, "log.cleaner.threads", "1");
    put(properties, "log.cleaner.dedupe.buffer.size", "2097152");
    put(properties, "log.cleaner.io.buffer.size", "65536");
    put(properties, "log.segment.bytes", "16777216");
    put(properties, "log.index.size.max.bytes", "262144");
    put(properties, "metadata.log.segment.bytes", "8388608");
    put(properties, "metadata.max.retention.bytes", "16777216");
    put(properties, "offsets.load.buffer.size", "65536");
    put(properties, "metric.reporters", "");
    // Quick: a group forms at once, and a killed service's place is free after six seconds.
    put(properties, "group.initial.rebalance.delay.ms", "0");
    put(properties, "group.min.session.timeout.ms", "1000");
    // A controller that starts takes the broker of before for alive until its session is over, and
    // refuses the new one until then. The two share a process, so a second of silence says enough;
    // a broker fenced by a long pause is back with its next heartbeat.
    put(properties, "broker.session.timeout.ms", "1000");
    put(properties, "broker.heartbeat.interval.ms", "250");
    // Quiet: nobody watches an idle log, so nothing is written to prove that it lives.
    put(properties, "metadata.max.idle.interval.ms", "0");
    return properties;
  }

  private static void put(Properties properties, String key, String value) {
    properties.setProperty(key, value);
  }
}
