package dev.slipway.gateway.application;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.eclipse.microprofile.config.Config;

/// How to reach Kafka, as every service is told: `kafka.bootstrap.servers` and the like, or
/// `KAFKA_BOOTSTRAP_SERVERS` in the environment.
///
/// @param settings in Kafka's own words; empty when nothing was told
public record KafkaConnection(Map<String, String> settings) {

  private static final String PREFIX = "kafka.";

  public KafkaConnection {
    settings = Map.copyOf(settings);
  }

  /// Finds what Kafka's consumer understands among all settings.
  public static KafkaConnection of(Config config) {
    var settings = new HashMap<String, String>();
    for (String name : config.getPropertyNames()) {
      String key = name.toLowerCase(Locale.ROOT).replace('_', '.');
      if (key.startsWith(PREFIX)
          && ConsumerConfig.configNames().contains(key.substring(PREFIX.length()))) {
        Optional<String> value = config.getOptionalValue(name, String.class);
        value.ifPresent(told -> settings.put(key.substring(PREFIX.length()), told));
      }
    }
    return new KafkaConnection(settings);
  }

  boolean isKnown() {
    return settings.containsKey(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG);
  }

  /// Says nothing, since there are secrets in it.
  @Override
  public String toString() {
    return "KafkaConnection";
  }
}
