/// Compares what should run with what runs, begins repairs and drains; keeps retention; reports
/// orphans.
@NullMarked
package dev.slipway.deploy.reconcile;

import org.jspecify.annotations.NullMarked;
