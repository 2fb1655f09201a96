/// The janitor: reality against the ledger, by one rule for every service.
@NullMarked
package dev.slipway.common.reconcile;

import org.jspecify.annotations.NullMarked;
