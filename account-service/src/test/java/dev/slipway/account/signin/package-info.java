/// Passwords and tokens by themselves.
@NullMarked
package dev.slipway.account.signin;

import org.jspecify.annotations.NullMarked;
