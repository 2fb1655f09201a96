/// The outbox against real brokers, and the tests of message types.
@NullMarked
package dev.slipway.common.outbox;

import org.jspecify.annotations.NullMarked;
