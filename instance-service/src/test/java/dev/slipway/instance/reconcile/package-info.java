/// Observation, repair, stop and janitor on a fake driver, a real kernel and a real database.
@NullMarked
package dev.slipway.instance.reconcile;

import org.jspecify.annotations.NullMarked;
