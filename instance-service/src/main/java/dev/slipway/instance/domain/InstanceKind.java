package dev.slipway.instance.domain;

/// Where an instance comes from.
public enum InstanceKind {
  /// Made and run by the platform.
  PROVISIONED,
  /// Somebody else's server, made known to the platform.
  LINKED
}
