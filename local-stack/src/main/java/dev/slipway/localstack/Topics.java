package dev.slipway.localstack;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;

/// The topics of the platform, wherever its Kafka is.
public final class Topics {

  /// Their names and partitions, which are fixed for the version in the name.
  public static final Map<String, Integer> ALL =
      Map.of(
          "slipway.account.event.v1", 6,
          "slipway.instance.event.v1", 6,
          "slipway.instance.command.v1", 6,
          "slipway.deploy.event.v1", 6,
          "slipway.deploy.command.v1", 6,
          "slipway.deploy.route.v1", 1);

  /// Those of which only the last message of each key is kept.
  private static final Set<String> COMPACTED = Set.of("slipway.deploy.route.v1");

  private Topics() {}

  /// Makes those that are missing.
  ///
  /// @param topics names and partitions
  public static void ensure(Admin admin, Map<String, Integer> topics)
      throws IOException, InterruptedException {
    List<NewTopic> wanted =
        topics.entrySet().stream()
            .map(
                topic ->
                    new NewTopic(topic.getKey(), topic.getValue(), (short) 1)
                        .configs(configuration(topic.getKey())))
            .toList();
    for (Map.Entry<String, KafkaFuture<Void>> topic :
        admin.createTopics(wanted).values().entrySet()) {
      try {
        topic.getValue().get(60, TimeUnit.SECONDS);
      } catch (ExecutionException failure) {
        if (!(failure.getCause() instanceof TopicExistsException)) {
          throw new IOException("Kafka cannot make the topic " + topic.getKey(), failure);
        }
      } catch (TimeoutException failure) {
        throw new IOException("Kafka does not answer", failure);
      }
    }
  }

  private static Map<String, String> configuration(String topic) {
    return COMPACTED.contains(topic)
        // Nothing is too old; but a topic that is only compacted cannot be emptied between tests.
        ? Map.of(
            TopicConfig.CLEANUP_POLICY_CONFIG,
            TopicConfig.CLEANUP_POLICY_COMPACT + "," + TopicConfig.CLEANUP_POLICY_DELETE,
            TopicConfig.RETENTION_MS_CONFIG,
            "-1",
            TopicConfig.RETENTION_BYTES_CONFIG,
            "-1")
        : Map.of();
  }
}
