/// The outbox: messages are written with the change they tell of, in one transaction, and relayed
/// to Kafka afterwards.
@NullMarked
package dev.slipway.common.outbox;

import org.jspecify.annotations.NullMarked;
