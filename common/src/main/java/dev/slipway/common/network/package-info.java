/// Where a service listens on a machine that is in several networks.
@NullMarked
package dev.slipway.common.network;

import org.jspecify.annotations.NullMarked;
