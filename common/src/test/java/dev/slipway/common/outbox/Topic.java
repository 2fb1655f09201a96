package dev.slipway.common.outbox;

import dev.slipway.localstack.TestStack;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/// A topic of its own on the test stack's Kafka, read from its beginning.
public final class Topic implements AutoCloseable {

  private static final int PARTITIONS = 2;

  private final String name;
  private final KafkaConsumer<String, String> consumer;

  private Topic(String name) {
    this.name = name;
    consumer =
        new KafkaConsumer<>(
            TestStack.shared().kafkaProperties(),
            new StringDeserializer(),
            new StringDeserializer());
    List<TopicPartition> partitions = new ArrayList<>();
    for (int i = 0; i < PARTITIONS; i++) {
      partitions.add(new TopicPartition(name, i));
    }
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  public static Topic fresh(String about) throws Exception {
    String name = "slipway.test." + about + "." + Long.toString(System.nanoTime(), 36);
    try (Admin admin = Admin.create(TestStack.shared().kafkaProperties())) {
      admin.createTopics(List.of(new NewTopic(name, PARTITIONS, (short) 1))).all().get();
    } catch (ExecutionException failure) {
      throw new IllegalStateException("The topic " + name + " could not be made", failure);
    }
    return new Topic(name);
  }

  public String name() {
    return name;
  }

  /// What has come since the last time.
  public List<ConsumerRecord<String, String>> poll() {
    List<ConsumerRecord<String, String>> records = new ArrayList<>();
    consumer.poll(Duration.ofMillis(50)).forEach(records::add);
    return records;
  }

  /// A producer as the services have it.
  public static KafkaProducer<String, String> producer() {
    Properties settings = TestStack.shared().kafkaProperties();
    settings.putAll(
        Map.of(
            ProducerConfig.ACKS_CONFIG,
            "all",
            ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
            true,
            ProducerConfig.LINGER_MS_CONFIG,
            0,
            ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
            1000,
            ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
            1500,
            ProducerConfig.MAX_BLOCK_MS_CONFIG,
            500));
    return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
  }

  @Override
  public void close() {
    consumer.close();
  }
}
