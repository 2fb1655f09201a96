/// Instances and their rules; no framework.
@NullMarked
package dev.slipway.instance.domain;

import org.jspecify.annotations.NullMarked;
