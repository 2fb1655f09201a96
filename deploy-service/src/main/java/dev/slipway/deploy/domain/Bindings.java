package dev.slipway.deploy.domain;

import dev.slipway.common.operation.DriverFailure;

/// Which instance an application uses, as instance-service, the owner of instances, knows it. Each
/// call asks it over HTTP.
public interface Bindings {

  /// Makes the binding, or finds it made. While it stands, the instance cannot be destroyed.
  ///
  /// @param instanceName as its organization calls it
  /// @throws DriverFailure.Permanent `instance-not-found` with the words the official command looks
  ///     for, `instance-unavailable` for one that is being destroyed or never came into being,
  ///     `application-not-found` when [#releaseForGood] came first
  /// @throws DriverFailure.Transient when instance-service does not answer
  Bound bind(String organization, String instanceName, String application, String applicationName)
      throws DriverFailure, InterruptedException;

  /// Removes the binding; one that is not there is removed already.
  void release(String instance, String application) throws DriverFailure, InterruptedException;

  /// Removes every binding of an application that is deleted. A call to [#bind] that was sent
  /// before and arrives after is refused: nobody would ever release what it binds.
  void releaseForGood(String application) throws DriverFailure, InterruptedException;

  /// An instance that is bound.
  ///
  /// @param instance `ins_…`
  /// @param linked   whether it is somebody else's server
  record Bound(String instance, String name, String host, int port, boolean linked) {}
}
