/// Breaks a rule of the house, to prove that it can be broken.
@NullMarked
package dev.slipway.common.architecture.seeded.account.api;

import org.jspecify.annotations.NullMarked;
