package dev.slipway.instance.driver;

import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.Collection;

/// Every server that can hold applications' databases, whoever runs it.
@Singleton
public final class DatabaseServers {

  private final InstanceDriver driver;
  private final LinkedDatabases linked;

  @Inject
  public DatabaseServers(InstanceDriver driver, LinkedDatabases linked) {
    this.driver = driver;
    this.linked = linked;
  }

  public void ensure(
      Fence fence, DatabaseLocation location, DatabaseSet set, ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    switch (location) {
      case DatabaseLocation.Provisioned(InstanceSpecification server, String administrator) ->
          driver.ensureDatabases(fence, server, administrator, set, verifier);
      case DatabaseLocation.Linked server -> linked.ensure(fence, server, set, verifier);
    }
  }

  public Gone drop(
      Fence fence, DatabaseLocation location, DatabaseSet set, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    return switch (location) {
      case DatabaseLocation.Provisioned(InstanceSpecification server, String administrator) ->
          driver.dropDatabases(fence, server, administrator, set, expected);
      case DatabaseLocation.Linked server -> linked.drop(fence, server, set, expected);
    };
  }
}
