package dev.slipway.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

class MainTest {

  private static final TopicPartition PARTITION = new TopicPartition("slipway.account.event.v1", 0);

  @Test
  void aKilledProcessLeavesPostgresRunningAndTheNextAdoptsIt() throws Exception {
    try (TestFolder folder = TestFolder.create();
        StackProcess stack = StackProcess.start(folder.path())) {
      long postmaster = stack.postmaster();
      assertThat(stack.health().statusCode()).isEqualTo(200);
      assertThat(stack.health().body()).isEqualTo("{\"kafka\":\"up\",\"postgres\":\"up\"}");
      assertThat(Files.getPosixFilePermissions(stack.keys().resolve("postgres.password")))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
      try (Connection connection = connect(stack);
          var statement = connection.createStatement()) {
        statement.execute("CREATE TABLE t (a int)");
        send(stack, "before the kill");

        stack.kill();

        // The connection made before still answers.
        statement.execute("INSERT INTO t VALUES (7)");
      }
      stack.restart();

      assertThat(stack.postmaster()).isEqualTo(postmaster);
      assertThat(stack.health().statusCode()).isEqualTo(200);
      assertThat(records(stack)).isEqualTo(1);

      // An adopted server is guarded like one of its own.
      ProcessHandle.of(postmaster).orElseThrow().destroyForcibly();
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> stack.health().statusCode() == 200 && stack.postmaster() != postmaster);

      long last = stack.postmaster();
      assertThat(stack.terminate()).isTrue();
      assertThat(ProcessHandle.of(last).filter(ServerProcesses::living)).isEmpty();
    }
  }

  @Test
  void anOrdinaryUserRunsItBesideAnotherStack() throws Exception {
    assumeThat(ServerAccount.current().separate())
        .as("only root can become somebody else; for others every test here is this one")
        .isTrue();
    ServerAccount root = ServerAccount.current();
    try (TestFolder folder = TestFolder.create()) {
      TestStack other = TestStack.shared();
      int nobody = root.initialUser();
      String classPath = copyOfClassPath(Files.createDirectory(folder.path().resolve("lib")));
      Path home = Files.createDirectory(folder.path().resolve("home"));
      root.give(home, nobody);
      Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));

      try (StackProcess stack =
          StackProcess.start(
              home,
              List.of("setpriv", "--reuid=" + nobody, "--regid=" + nobody, "--clear-groups"),
              classPath)) {
        assertThat(ServerAccount.userOf(Path.of("/proc/" + stack.postmaster()))).isEqualTo(nobody);
        connect(stack).close();
        assertThat(topics(stack)).containsAll(Topics.ALL.keySet());
        assertThat(other.jdbcUrl("account_service")).isNotEmpty();
        assertThat(stack.terminate()).isTrue();
      }
    }
  }

  private static Connection connect(StackProcess stack) throws Exception {
    return ControlPostgres.connect(
        stack.postgresPort(),
        "account_service",
        "account_service",
        stack.key("account-service.password"));
  }

  private static Set<String> topics(StackProcess stack) throws Exception {
    try (Admin admin = Admin.create(clients(stack))) {
      return admin.listTopics().names().get();
    }
  }

  private static void send(StackProcess stack, String value) throws Exception {
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(clients(stack), new StringSerializer(), new StringSerializer())) {
      producer
          .send(new ProducerRecord<>(PARTITION.topic(), PARTITION.partition(), "", value))
          .get();
    }
  }

  private static long records(StackProcess stack) throws Exception {
    try (Admin admin = Admin.create(clients(stack))) {
      return admin
          .listOffsets(Map.of(PARTITION, OffsetSpec.latest()))
          .partitionResult(PARTITION)
          .get()
          .offset();
    }
  }

  private static Properties clients(StackProcess stack) throws Exception {
    return KafkaBroker.clientProperties(stack.kafkaPort(), stack.key("kafka.password"));
  }

  /// Root's own copies may lie where nobody else can read them.
  private static String copyOfClassPath(Path folder) throws Exception {
    List<String> copies = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path source = Path.of(entry);
      Path copy = folder.resolve(copies.size() + "-" + source.getFileName());
      if (Files.isRegularFile(source)) {
        Files.copy(source, copy);
      } else if (Files.isDirectory(source)) {
        try (var files = Files.walk(source)) {
          for (Path file : files.toList()) {
            Files.copy(file, copy.resolve(source.relativize(file).toString()));
          }
        }
      } else {
        continue;
      }
      copies.add(copy.toString());
    }
    return String.join(File.pathSeparator, copies);
  }
}
