/// What a test of the running service stands on.
@NullMarked
package dev.slipway.instance;

import org.jspecify.annotations.NullMarked;
