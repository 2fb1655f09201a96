/// What the platform does for executors by itself.
@NullMarked
package dev.slipway.deploy.reconcile;

import org.jspecify.annotations.NullMarked;
