/// Reads the organizations' event feed on from any place, and tells those who follow it what is
/// new.
@NullMarked
package dev.slipway.account.feed;

import org.jspecify.annotations.NullMarked;
