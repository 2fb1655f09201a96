/// Applications as processes of this machine.
///
/// [ProcessApplicationRuntime] is the door. What changes files or processes is never this JVM but a
/// short-lived shell ([dev.slipway.common.process.FencedShell], `fenced.sh`) that holds the
/// application's lock. What runs is below a supervisor (`supervise.sh`), inside what [Isolation]
/// found this machine to offer (`sandbox.sh`, then `launch.sh`). [RunFolder] reads what the
/// supervisor says, [VersionText] files of applications, which may be traps.
@NullMarked
package dev.slipway.deploy.driver.process;

import org.jspecify.annotations.NullMarked;
