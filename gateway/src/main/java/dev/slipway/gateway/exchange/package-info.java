/// One request and its answer: the identifier, the body within its limit, the refusal in the one
/// shape that errors have, the line in the log.
@NullMarked
package dev.slipway.gateway.exchange;

import org.jspecify.annotations.NullMarked;
