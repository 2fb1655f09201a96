/// What the janitor may remove.
@NullMarked
package dev.slipway.common.janitor;

import org.jspecify.annotations.NullMarked;
