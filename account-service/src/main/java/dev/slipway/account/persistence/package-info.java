/// The tables of accounts as Panache entities. Who changes them, and under which locks, is said in
/// `membership` and `signin`.
@NullMarked
package dev.slipway.account.persistence;

import org.jspecify.annotations.NullMarked;
