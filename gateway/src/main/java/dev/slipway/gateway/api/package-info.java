/// Answers of the gateway itself: its health, and the operations of all services in one list.
@NullMarked
package dev.slipway.gateway.api;

import org.jspecify.annotations.NullMarked;
