/// Turns a developer's folder into what is deployed: which files, which configuration, which
/// variables. It follows the official command, whose archives the platform has to take as well.
@NullMarked
package dev.slipway.cli.archive;

import org.jspecify.annotations.NullMarked;
