/// Every operation against the kernel's kit, and what they promise about schemas.
@NullMarked
package dev.slipway.deploy.operation;

import org.jspecify.annotations.NullMarked;
