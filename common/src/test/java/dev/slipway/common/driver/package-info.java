/// Tests of the words that every driver uses.
@NullMarked
package dev.slipway.common.driver;

import org.jspecify.annotations.NullMarked;
