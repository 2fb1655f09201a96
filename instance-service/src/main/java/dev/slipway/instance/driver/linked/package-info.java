/// Servers that somebody else runs, reached over JDBC.
@NullMarked
package dev.slipway.instance.driver.linked;

import org.jspecify.annotations.NullMarked;
