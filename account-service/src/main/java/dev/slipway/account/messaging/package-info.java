/// The way out to Kafka and the way in from it.
@NullMarked
package dev.slipway.account.messaging;

import org.jspecify.annotations.NullMarked;
