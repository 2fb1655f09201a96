/// The edge: how every service says no.
///
/// Throw an [ApiException]; [ErrorMappers] turns it, and whatever else reaches the edge, into an
/// [ErrorAnswer]. Start with [ErrorCode] for the words there are.
@NullMarked
package dev.slipway.common.error;

import org.jspecify.annotations.NullMarked;
