@NullMarked
package dev.slipway.docker;

import org.jspecify.annotations.NullMarked;
