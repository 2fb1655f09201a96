package dev.slipway.instance.driver;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.operation.DriverFailure;

/// A Postgres server that somebody else runs. Nothing here changes anything on it, so no fence is
/// needed.
public interface LinkedServer {

  /// Signs in and sees whether the role may create databases.
  ///
  /// @param instance       whose password it is
  /// @param sealedPassword encrypted with the installation's key
  /// @throws DriverFailure with `link-unreachable`, `link-refused` or `link-without-createdb`
  void check(String instance, Endpoint endpoint, String role, String sealedPassword)
      throws DriverFailure, InterruptedException;
}
