package dev.slipway.common.driver;

/// Which replicas of the service can act through a driver.
public sealed interface Locality {

  /// Any replica reaches the runtime.
  record AnyReplica() implements Locality {}

  /// Only replicas on this host do, and what runs there does not outlive its boot.
  ///
  /// @param installation identifier of the installation the host's data belongs to
  /// @param boot         changes with every start of the machine
  record Host(String installation, String boot) implements Locality {}
}
