/// account-service: who you are and what you may.
///
/// `signin` turns a name and a password into tokens, `membership` says which organization a user
/// belongs to, `domain` has the rules of both without any framework, `api` is the way in,
/// `messaging` the way out.
@NullMarked
package dev.slipway.account;

import org.jspecify.annotations.NullMarked;
