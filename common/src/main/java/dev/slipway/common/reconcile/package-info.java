/// The janitor: reality against the ledger, by one rule for every service.
@NullMarked
package dev.slipway.common.janitor;

import org.jspecify.annotations.NullMarked;
