package dev.slipway.gateway.application;

import dev.slipway.common.contract.deploy.Route;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Reads the routes from their topic, from its beginning, on a thread of its own, for as long as
/// the gateway runs. It belongs to no group: every gateway reads everything, and what it has read
/// before it knows by the revisions.
///
/// Kafka may be away at any time, from the start on: what is known is served, and the rest comes
/// when Kafka does.
public final class RouteFeed implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(RouteFeed.class);
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final Map<String, Object> settings;
  private final Consumer<Route> listener;
  private final Thread thread;
  private final CountDownLatch ending = new CountDownLatch(1);
  private volatile @Nullable KafkaConsumer<String, String> following;

  /// @param connection how to reach Kafka, in its own words
  /// @param listener   is called on the feed's thread
  public RouteFeed(Map<String, String> connection, Consumer<Route> listener) {
    this.settings = new HashMap<>(connection);
    this.listener = listener;
    settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class);
    settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    // Routes are small and the gateway is too; a switch is to be known at once.
    settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 1024 * 1024);
    settings.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 256 * 1024);
    settings.put(ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1);
    settings.put(ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 1_000);
    settings.put(ConsumerConfig.METRIC_REPORTER_CLASSES_CONFIG, "");
    settings.put(ConsumerConfig.CLIENT_ID_CONFIG, "gateway");
    this.thread = Thread.ofPlatform().name("routes").daemon().unstarted(this::run);
  }

  /// Begins to read.
  public void start() {
    thread.start();
  }

  /// Ends, and waits until it has.
  @Override
  public void close() {
    ending.countDown();
    KafkaConsumer<String, String> consumer = following;
    if (consumer != null) {
      consumer.wakeup();
    }
    try {
      thread.join(Duration.ofSeconds(5));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!isEnding()) {
        try {
          follow();
        } catch (WakeupException asked) {
          // Only close() wakes it.
          return;
        } catch (KafkaException problem) {
          LOG.warnf("the routes cannot be followed at the moment: %s", problem.getMessage());
          if (ending.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
            return;
          }
        }
      }
    } catch (InterruptException | InterruptedException asked) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isEnding() {
    return ending.getCount() == 0;
  }

  /// Reads until something breaks; what it then reads again changes nothing.
  private void follow() {
    try (var consumer = new KafkaConsumer<String, String>(settings)) {
      following = consumer;
      var partition = new TopicPartition(Route.TOPIC, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      while (!isEnding()) {
        for (ConsumerRecord<String, String> record : consumer.poll(POLL)) {
          take(record);
        }
      }
    } finally {
      following = null;
    }
  }

  private void take(ConsumerRecord<String, String> record) {
    // A record without a value tells the topic itself to forget what has been told to be gone.
    if (record.value() == null) {
      return;
    }
    Optional<Route> route = RouteMessages.read(record.value());
    if (route.isEmpty()) {
      LOG.warnf("what is at %d of %s is no route", record.offset(), record.topic());
      return;
    }
    listener.accept(route.get());
  }
}
