/// The words that every driver uses, whatever it runs: where a thing answers, what is found, what
/// is proven gone, which replicas can reach it.
@NullMarked
package dev.slipway.common.driver;

import org.jspecify.annotations.NullMarked;
