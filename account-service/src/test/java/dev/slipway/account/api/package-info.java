/// One test class for each resource.
@NullMarked
package dev.slipway.account.api;

import org.jspecify.annotations.NullMarked;
