/// What deploy-service tells, and what may be asked of it.
@NullMarked
package dev.slipway.common.contract.deploy;

import org.jspecify.annotations.NullMarked;
