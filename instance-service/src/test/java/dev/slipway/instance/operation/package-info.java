/// Every operation against the kernel's kit.
@NullMarked
package dev.slipway.instance.operation;

import org.jspecify.annotations.NullMarked;
