/// Postgres instances: begins here. Read `operation` first.
@NullMarked
package dev.slipway.instance;

import org.jspecify.annotations.NullMarked;
