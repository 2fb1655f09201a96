/// The platform on this machine: its folder, its processes, and who keeps them running.
///
/// [PlatformHome] knows where everything is, [PlatformSettings] what was chosen once and is kept,
/// [Catalog] which processes there are and how they are started. [Supervisor] runs them all, one
/// [Supervised] each; [Launcher] is what the commands call.
@NullMarked
package dev.slipway.cli.platform;

import org.jspecify.annotations.NullMarked;
