/// Breaks a rule of the house, to prove that it can be broken.
@NullMarked
package dev.slipway.common.architecture.seeded.common.operation;

import org.jspecify.annotations.NullMarked;
