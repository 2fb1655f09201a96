/// Tests of account-service: over HTTP on a real Postgres, as the gateway and its callers use it.
@NullMarked
package dev.slipway.account;

import org.jspecify.annotations.NullMarked;
