/// The `slipway` command.
///
/// [Main] calls the commands in `command/`, one file each. They start and stop the platform on this
/// machine through `platform/`, talk to it, or to one elsewhere, through `api/`, and to the person
/// through `console/`. `bench/` measures.
@NullMarked
package dev.slipway.cli;

import org.jspecify.annotations.NullMarked;
