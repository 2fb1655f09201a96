package dev.slipway.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

class KafkaBrokerTest {

  private static final String TOPIC = "slipway.account.event.v1";

  @Test
  void recordsAndTheGroupsPlaceSurviveAStopAndAStart() throws Exception {
    try (TestFolder folder = TestFolder.create()) {
      KafkaBroker.Settings settings = settings(folder, "kafka");
      try (KafkaBroker broker = KafkaBroker.start(settings)) {
        assertThat(broker.answers()).isTrue();
        send(settings, "one", "two");
        assertThat(receive(settings, 2)).containsExactly("one", "two");
        send(settings, "three");
      }

      try (KafkaBroker broker = KafkaBroker.start(settings)) {
        assertThat(broker.answers()).isTrue();
        assertThat(receive(settings, 1)).containsExactly("three");
      }
    }
  }

  @Test
  void aWrongPasswordAndAnUnknownTopicAreRefused() throws Exception {
    try (TestFolder folder = TestFolder.create()) {
      KafkaBroker.Settings settings = settings(folder, "kafka");
      try (KafkaBroker broker = KafkaBroker.start(settings);
          Admin stranger = Admin.create(KafkaBroker.clientProperties(settings.port(), "wrong"));
          Admin admin = Admin.create(clients(settings))) {
        assertThat(broker.bootstrapServers()).isEqualTo("127.0.0.1:" + settings.port());
        assertThatThrownBy(() -> stranger.listTopics().names().get(10, TimeUnit.SECONDS))
            .hasCauseInstanceOf(SaslAuthenticationException.class);
        assertThatThrownBy(
                () ->
                    admin
                        .describeTopics(List.of("unheard-of"))
                        .allTopicNames()
                        .get(10, TimeUnit.SECONDS))
            .hasCauseInstanceOf(UnknownTopicOrPartitionException.class);
      }
    }
  }

  private static KafkaBroker.Settings settings(TestFolder folder, String name) throws Exception {
    List<Integer> ports = FreePorts.find(2);
    return new KafkaBroker.Settings(
        folder.path().resolve(name), ports.get(0), ports.get(1), "se\"cr\\et", Map.of(TOPIC, 1));
  }

  private static Properties clients(KafkaBroker.Settings settings) {
    return KafkaBroker.clientProperties(settings.port(), settings.password());
  }

  private static void send(KafkaBroker.Settings settings, String... values) throws Exception {
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(clients(settings), new StringSerializer(), new StringSerializer())) {
      for (String value : values) {
        producer.send(new ProducerRecord<>(TOPIC, value)).get(20, TimeUnit.SECONDS);
      }
    }
  }

  /// Reads that many records as one group and remembers its place.
  private static List<String> receive(KafkaBroker.Settings settings, int count) {
    Properties properties = clients(settings);
    properties.setProperty("group.id", "readers");
    properties.setProperty("auto.offset.reset", "earliest");
    properties.setProperty("session.timeout.ms", "6000");
    properties.setProperty("enable.auto.commit", "false");
    List<String> values = new ArrayList<>();
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(TOPIC));
      long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while (values.size() < count && System.nanoTime() < deadline) {
        for (ConsumerRecord<String, String> entry : consumer.poll(Duration.ofMillis(200))) {
          values.add(entry.value());
        }
      }
      consumer.commitSync();
    }
    return values;
  }
}
