/// What the tests of every service share.
@NullMarked
package dev.slipway.common.testing;

import org.jspecify.annotations.NullMarked;
