/// The driver contract, executable, and a driver in memory that keeps it.
@NullMarked
package dev.slipway.instance.driver;

import org.jspecify.annotations.NullMarked;
