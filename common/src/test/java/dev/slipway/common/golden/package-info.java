/// Files that a test compares with what the code says today, and rewrites when told to.
@NullMarked
package dev.slipway.common.golden;

import org.jspecify.annotations.NullMarked;
