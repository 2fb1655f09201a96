/// The kernel's own tests, and the kit that proves every operation of the services.
@NullMarked
package dev.slipway.common.operation;

import org.jspecify.annotations.NullMarked;
