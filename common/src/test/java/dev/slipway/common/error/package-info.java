/// Tests of the edge.
@NullMarked
package dev.slipway.common.error;

import org.jspecify.annotations.NullMarked;
