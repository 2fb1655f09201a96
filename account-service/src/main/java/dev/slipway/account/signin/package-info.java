/// From a name and a password to tokens: identities, the device flow, refresh tokens, and the keys
/// that sign.
@NullMarked
package dev.slipway.account.signin;

import org.jspecify.annotations.NullMarked;
