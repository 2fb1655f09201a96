/// The port behind which Postgres servers run, and one package per runtime.
///
/// Start with [InstanceDriver]: it is the contract every runtime keeps, and
/// `InstanceDriverContract` in the tests is the same contract, executable. Databases of
/// applications are on servers of the platform or on linked ones: [DatabaseServers] has both.
@NullMarked
package dev.slipway.instance.driver;

import org.jspecify.annotations.NullMarked;
