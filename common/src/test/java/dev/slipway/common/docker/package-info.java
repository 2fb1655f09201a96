/// Docker engines for tests.
@NullMarked
package dev.slipway.common.docker;

import org.jspecify.annotations.NullMarked;
