/// The certificate the door shows.
@NullMarked
package dev.slipway.gateway.tls;

import org.jspecify.annotations.NullMarked;
