/// The inbox: each message takes effect once, in order, in one transaction with the note that it
/// was seen.
@NullMarked
package dev.slipway.common.inbox;

import org.jspecify.annotations.NullMarked;
