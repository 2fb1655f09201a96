/// What instance-service tells, and what may be asked of it.
@NullMarked
package dev.slipway.common.contract.instance;

import org.jspecify.annotations.NullMarked;
