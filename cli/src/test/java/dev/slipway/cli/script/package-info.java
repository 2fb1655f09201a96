/// Tests.
@NullMarked
package dev.slipway.cli.script;

import org.jspecify.annotations.NullMarked;
