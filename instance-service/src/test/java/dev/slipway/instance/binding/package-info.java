/// Bindings, asked for over HTTP.
@NullMarked
package dev.slipway.instance.binding;

import org.jspecify.annotations.NullMarked;
