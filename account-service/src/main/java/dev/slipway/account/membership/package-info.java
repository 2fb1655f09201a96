/// Which organization a user belongs to, and what changes that.
///
/// [Memberships] makes every change, each in one transaction; [Authorization] answers the gateway's
/// question at each request.
@NullMarked
package dev.slipway.account.membership;

import org.jspecify.annotations.NullMarked;
