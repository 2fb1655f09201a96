/// Where a request goes: pure functions from method and path to a destination.
@NullMarked
package dev.slipway.gateway.route;

import org.jspecify.annotations.NullMarked;
