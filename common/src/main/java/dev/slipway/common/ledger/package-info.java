/// The ledger: everything an operation makes outside the database, written down before it is made
/// and struck out after it is verified gone.
@NullMarked
package dev.slipway.common.ledger;

import org.jspecify.annotations.NullMarked;
