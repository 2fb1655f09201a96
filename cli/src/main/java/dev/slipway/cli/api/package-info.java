/// The platform's API as a client sees it: who is signed in, the calls, and operations to wait for.
@NullMarked
package dev.slipway.cli.api;

import org.jspecify.annotations.NullMarked;
