/// The wire: requests, answers, errors.
@NullMarked
package dev.slipway.instance.api;

import org.jspecify.annotations.NullMarked;
