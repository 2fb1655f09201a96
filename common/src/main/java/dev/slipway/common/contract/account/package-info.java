/// The facts account-service tells: topic `slipway.account.event.v1`.
@NullMarked
package dev.slipway.common.contract.account;

import org.jspecify.annotations.NullMarked;
