/// What one organization may ask of a service at once, so that there is something left for the
/// others.
@NullMarked
package dev.slipway.common.load;

import org.jspecify.annotations.NullMarked;
