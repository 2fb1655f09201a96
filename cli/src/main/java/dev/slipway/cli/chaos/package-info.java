/// `slipway chaos run`: proves on a platform of its own that every operation ends, that nothing is
/// left behind and nothing lost, whatever is killed when.
///
/// [Schedule] says what is done and broken, from a seed and nothing else. [Organization] does it as
/// users would, [Faults] breaks. [Expectations] is what the platform has promised by its answers,
/// [Inspection] what is there in the end; [Checker] compares the two, and [Report] tells.
@NullMarked
package dev.slipway.cli.chaos;

import org.jspecify.annotations.NullMarked;
