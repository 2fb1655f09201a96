/// Who may call: a service accepts the gateway's one-minute token, or for its siblings the shared
/// secret, and nothing else.
///
/// A resource method without an annotation needs a token and finds the [Caller]; [Internal] and
/// [Anonymous] are the exceptions. [RequestGate] holds them all to it.
@NullMarked
package dev.slipway.common.security;

import org.jspecify.annotations.NullMarked;
