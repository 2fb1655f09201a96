/// What tests of the running service stand on.
@NullMarked
package dev.slipway.deploy;

import org.jspecify.annotations.NullMarked;
