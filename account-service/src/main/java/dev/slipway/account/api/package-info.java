/// The way in over HTTP: the official client's paths, OAuth as its identity provider speaks it, the
/// sign-in page, and the question the gateway asks.
@NullMarked
package dev.slipway.account.api;

import org.jspecify.annotations.NullMarked;
