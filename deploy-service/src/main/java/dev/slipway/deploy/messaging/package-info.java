/// Kafka in: commands, events of other services. Kafka out is the outbox.
@NullMarked
package dev.slipway.deploy.messaging;

import org.jspecify.annotations.NullMarked;
