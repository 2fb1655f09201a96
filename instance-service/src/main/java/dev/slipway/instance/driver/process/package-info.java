/// Postgres servers as plain processes of this machine.
///
/// [ProcessInstanceDriver] is the door. What changes files or processes is never this JVM but a
/// short-lived shell ([dev.slipway.common.process.FencedShell], `fenced.sh`) that holds the
/// instance's lock; what changes roles is a transaction that holds the fence inside the database
/// ([dev.slipway.instance.driver.sql.ServerSessions]).
/// [PostgresTemplate] makes the data directory every instance is a copy of.
@NullMarked
package dev.slipway.instance.driver.process;

import org.jspecify.annotations.NullMarked;
