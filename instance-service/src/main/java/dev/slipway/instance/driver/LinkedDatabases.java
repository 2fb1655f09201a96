package dev.slipway.instance.driver;

import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.util.Collection;

/// Applications' databases on servers that somebody else runs; the same contract as that of
/// [InstanceDriver#ensureDatabases] and [InstanceDriver#dropDatabases].
///
/// Nothing of the platform is kept on such a server, so the epoch is read from the control database
/// once the set's lock on the server is held. Further codes: `link-unreachable`, `link-refused`,
/// `link-without-createdb`, `role-without-createrole`, all permanent but the first.
public interface LinkedDatabases {

  void ensure(
      Fence fence, DatabaseLocation.Linked location, DatabaseSet set, ScramVerifier verifier)
      throws DriverFailure, InterruptedException;

  Gone drop(
      Fence fence, DatabaseLocation.Linked location, DatabaseSet set, Collection<Resource> expected)
      throws DriverFailure, InterruptedException;
}
