/// Who serves each host: told to the gateways through the outbox, acknowledged by them over HTTP.
@NullMarked
package dev.slipway.deploy.routing;

import org.jspecify.annotations.NullMarked;
