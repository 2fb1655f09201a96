/// The services behind the gateway: connections to them, the question who may, forwarding and
/// trying again, and how fast somebody may guess.
@NullMarked
package dev.slipway.gateway.proxy;

import org.jspecify.annotations.NullMarked;
