/// Postgres servers as containers of a Docker engine.
///
/// [DockerInstanceDriver] is the door. What is asked of the engine goes through
/// [dev.slipway.docker.Engine] and nothing else; how the epoch in a container's name keeps out who
/// was overtaken, see [DockerInstanceDriver] and ADR 25. What happens inside a server is
/// [dev.slipway.instance.driver.sql.ServerSessions], as with processes.
@NullMarked
package dev.slipway.instance.driver.docker;

import org.jspecify.annotations.NullMarked;
