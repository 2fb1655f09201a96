/// The rules by themselves.
@NullMarked
package dev.slipway.account.domain;

import org.jspecify.annotations.NullMarked;
