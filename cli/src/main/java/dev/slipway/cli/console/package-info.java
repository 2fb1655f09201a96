/// What a command sees of the outside, and how it talks: streams, terminals, tables, JSON, prompts,
/// failures.
@NullMarked
package dev.slipway.cli.console;

import org.jspecify.annotations.NullMarked;
