/// Kafka: commands from other services come in here.
@NullMarked
package dev.slipway.instance.messaging;

import org.jspecify.annotations.NullMarked;
