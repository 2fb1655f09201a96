/// Measurements that people can repeat: what the platform adds to what has to be done anyway.
@NullMarked
package dev.slipway.cli.bench;

import org.jspecify.annotations.NullMarked;
