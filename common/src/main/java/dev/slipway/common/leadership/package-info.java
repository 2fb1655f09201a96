/// Doing a thing in one replica only: the one that holds a lock of the service's database.
@NullMarked
package dev.slipway.common.leadership;

import org.jspecify.annotations.NullMarked;
