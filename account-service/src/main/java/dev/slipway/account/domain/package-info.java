/// The rules of accounts, without a framework: names, secrets, lifetimes, who may do what.
@NullMarked
package dev.slipway.account.domain;

import org.jspecify.annotations.NullMarked;
