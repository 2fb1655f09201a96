/// Bindings against a server that answers as instance-service does.
@NullMarked
package dev.slipway.deploy.binding;

import org.jspecify.annotations.NullMarked;
