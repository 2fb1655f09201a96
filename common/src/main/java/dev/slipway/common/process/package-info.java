/// What every driver of processes needs: a shell that acts under a fence, and a look at what the
/// kernel says of processes.
@NullMarked
package dev.slipway.common.process;

import org.jspecify.annotations.NullMarked;
