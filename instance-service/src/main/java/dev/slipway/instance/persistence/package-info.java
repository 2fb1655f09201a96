/// How instances and observations are stored.
@NullMarked
package dev.slipway.instance.persistence;

import org.jspecify.annotations.NullMarked;
