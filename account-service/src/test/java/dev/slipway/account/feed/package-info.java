/// Tests of the feed.
@NullMarked
package dev.slipway.account.feed;

import org.jspecify.annotations.NullMarked;
