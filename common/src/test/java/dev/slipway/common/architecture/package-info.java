/// The rules of the house about who may know whom, for every module's own architecture test.
@NullMarked
package dev.slipway.common.architecture;

import org.jspecify.annotations.NullMarked;
