/// Tests of the whole platform, started as people start it: one for all of them, in a home of its
/// own. They run after packaging, two at a time; what needs the platform or the machine to itself
/// says so, and why, with `@Isolated`.
@NullMarked
package dev.slipway.cli.system;

import org.jspecify.annotations.NullMarked;
