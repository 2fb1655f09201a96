/// Keys of one installation and what is done with them.
@NullMarked
package dev.slipway.common.crypto;

import org.jspecify.annotations.NullMarked;
