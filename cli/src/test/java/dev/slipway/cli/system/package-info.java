/// Tests of the whole platform, started as people start it: one for all of them, in a home of its
/// own. They run after packaging.
@NullMarked
package dev.slipway.cli.system;

import org.jspecify.annotations.NullMarked;
