/// What the janitor may remove.
@NullMarked
package dev.slipway.common.reconcile;

import org.jspecify.annotations.NullMarked;
