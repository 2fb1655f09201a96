/// The rules, by many cases.
@NullMarked
package dev.slipway.instance.domain;

import org.jspecify.annotations.NullMarked;
