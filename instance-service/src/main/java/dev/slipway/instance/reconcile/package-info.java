/// Wanted against observed, and reality against the ledger.
///
/// [Reconciler] starts with the service; the replica that leads lets [Observer] look at every
/// instance twice a second and begin repairs by [RepairRule], and [Janitor] compare what exists
/// with the ledger once a minute. [PlatformStop] sets the wish that ends all of it.
@NullMarked
package dev.slipway.instance.reconcile;

import org.jspecify.annotations.NullMarked;
