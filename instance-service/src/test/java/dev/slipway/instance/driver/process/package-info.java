/// The process driver against real servers, real signals and a real disk.
@NullMarked
package dev.slipway.instance.driver.process;

import org.jspecify.annotations.NullMarked;
