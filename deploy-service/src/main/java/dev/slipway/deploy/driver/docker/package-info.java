/// Applications as containers of a Docker engine.
///
/// [DockerApplicationRuntime] is the door. A version's folder is a container that commands run in
/// one at a time ([VersionFolders], [CommandRuns]); what its executors run from is an image of that
/// ([ExecutorContainers]). Inside each container `init.sh` is the first process; it is told what to
/// do by a [Feed]. [Journals] write down what it says. What is asked of the engine goes through
/// [dev.slipway.docker.Engine] and nothing else. See ADR 26.
@NullMarked
package dev.slipway.deploy.driver.docker;

import org.jspecify.annotations.NullMarked;
