/// The inbox on a real database, and the kernel's conversation over real Kafka.
@NullMarked
package dev.slipway.common.inbox;

import org.jspecify.annotations.NullMarked;
