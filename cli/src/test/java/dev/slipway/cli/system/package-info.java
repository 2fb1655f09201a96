/// The platform as people run it: started by the script, used through HTTPS and by the official
/// command, killed, paused and looked at from outside.
@NullMarked
package dev.slipway.cli.system;

import org.jspecify.annotations.NullMarked;
