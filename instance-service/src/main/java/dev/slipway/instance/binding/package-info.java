/// What deploy-service asks: that an application may use an instance, and that it no longer does.
@NullMarked
package dev.slipway.instance.binding;

import org.jspecify.annotations.NullMarked;
