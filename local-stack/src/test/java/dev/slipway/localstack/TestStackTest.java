package dev.slipway.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

class TestStackTest {

  private static final TopicPartition PARTITION = new TopicPartition("slipway.account.event.v1", 0);

  private final TestStack stack = TestStack.shared();

  @Test
  void aNamedDatabaseIsOwnedByItsRoleAndStaysTheSame() throws SQLException {
    String url = stack.jdbcUrl("account_service");

    try (Connection connection =
            DriverManager.getConnection(
                url,
                stack.databaseUser("account_service"),
                stack.databasePassword("account_service"));
        var statement = connection.createStatement()) {
      statement.execute("CREATE TABLE t (a int)");
    }

    assertThat(stack.jdbcUrl("account_service")).isEqualTo(url);
  }

  @Test
  void aCreatedDatabaseIsClosedToOtherRoles() {
    String one = stack.createDatabase("orders");
    String other = stack.createDatabase("orders");

    assertThat(one).isNotEqualTo(other);
    assertThatThrownBy(
            () ->
                DriverManager.getConnection(
                        stack.jdbcUrl(one),
                        stack.databaseUser(other),
                        stack.databasePassword(other))
                    .close())
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("permission denied for database");
  }

  @Test
  void theTopicsOfThePlatformAreThere() throws Exception {
    try (Admin admin = Admin.create(stack.kafkaProperties())) {
      Set<String> topics = admin.listTopics().names().get();

      assertThat(topics).containsAll(Topics.ALL.keySet());
    }
  }

  @Test
  void aQuarkusServiceGetsItsDatabaseAndKafka() {
    assertThat(stack.quarkusConfiguration("account-service"))
        .containsEntry("quarkus.datasource.jdbc.url", stack.jdbcUrl("account_service"))
        .containsEntry("kafka.bootstrap.servers", stack.kafkaBootstrap())
        .containsEntry("kafka.security.protocol", "SASL_PLAINTEXT")
        .containsKeys("quarkus.datasource.password", "kafka.sasl.jaas.config");
  }

  @Test
  void anotherJvmSharesTheStackWithDatabasesOfItsOwnAndEmptyTopics() throws Exception {
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(
            stack.kafkaProperties(), new StringSerializer(), new StringSerializer())) {
      producer
          .send(new ProducerRecord<>(PARTITION.topic(), PARTITION.partition(), "", "old"))
          .get();
    }

    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-D" + TestStack.PROPERTY + "=" + System.getProperty(TestStack.PROPERTY),
                "-cp",
                System.getProperty("java.class.path"),
                TestStackTest.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    List<String> said = process.inputReader().readAllLines();

    assertThat(said).contains(stack.kafkaBootstrap());
    assertThat(said).anyMatch(line -> line.startsWith(serverUrl(stack) + "account_service_"));
    assertThat(said).doesNotContain(stack.jdbcUrl("account_service"));
    try (Admin admin = Admin.create(stack.kafkaProperties())) {
      assertThat(offset(admin, OffsetSpec.earliest()))
          .isEqualTo(offset(admin, OffsetSpec.latest()));
    }
  }

  /// The other JVM.
  public static void main(String[] arguments) {
    TestStack stack = TestStack.shared();
    System.out.println(stack.kafkaBootstrap());
    System.out.println(stack.jdbcUrl("account_service"));
  }

  private static String serverUrl(TestStack stack) {
    return "jdbc:postgresql://127.0.0.1:" + stack.postgresPort() + "/";
  }

  private static long offset(Admin admin, OffsetSpec which) throws Exception {
    return admin
        .listOffsets(Map.of(PARTITION, which))
        .partitionResult(PARTITION)
        .get(20, TimeUnit.SECONDS)
        .offset();
  }

  @Test
  void nothingIsLeftOfAStackWhoseInputEnds() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "--test",
                "--attached")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    Path folder = awaitReady(process);
    long postmaster = PostmasterFile.read(TestFolder.control(folder)).orElseThrow().pid();

    // What a killed test run does to it.
    process.getOutputStream().close();

    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(folder).doesNotExist();
    assertThat(ProcessHandle.of(postmaster).filter(ServerProcesses::living)).isEmpty();
  }

  @Test
  void theNextStackSweepsWhatAKilledOneLeft() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "--test")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    Path folder = awaitReady(process);
    long postmaster = PostmasterFile.read(TestFolder.control(folder)).orElseThrow().pid();
    process.destroyForcibly().waitFor();

    TestFolder.create().close();

    assertThat(folder).doesNotExist();
    assertThat(ProcessHandle.of(postmaster).filter(ServerProcesses::living)).isEmpty();
  }

  private static Path awaitReady(Process process) {
    return process
        .inputReader()
        .lines()
        .filter(line -> line.startsWith("ready "))
        .map(line -> Path.of(line.substring("ready ".length())))
        .findFirst()
        .orElseThrow();
  }
}
