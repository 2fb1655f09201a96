package dev.slipway.instance.driver;

import java.util.Locale;

/// In what a driver does more than the contract asks of every one.
public enum DriverCapability {
  /// No instance uses more memory and processors than it is given.
  LIMITS,
  /// The instances of an organization are on a network of their own.
  NETWORKS;

  /// As people and machines read it.
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
