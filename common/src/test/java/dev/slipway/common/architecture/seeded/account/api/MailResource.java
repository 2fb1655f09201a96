package dev.slipway.common.architecture.seeded.account.api;

import dev.slipway.common.architecture.seeded.account.driver.MailDriver;
import dev.slipway.common.architecture.seeded.instance.domain.Instance;
import org.apache.kafka.clients.producer.Producer;

/// Knows another service, calls a driver and sends to Kafka by itself.
public record MailResource(
    Instance instance, MailDriver driver, Producer<String, String> producer) {}
