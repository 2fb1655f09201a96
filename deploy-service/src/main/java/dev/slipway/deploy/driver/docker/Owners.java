package dev.slipway.deploy.driver.docker;

import dev.slipway.common.operation.DriverFailure;

/// Whose an application is, and so in which network it runs.
@FunctionalInterface
public interface Owners {

  /// @return the identifier of its organization
  /// @throws DriverFailure when that cannot be told
  String organization(String application) throws DriverFailure;
}
