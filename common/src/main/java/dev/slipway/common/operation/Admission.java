package dev.slipway.common.operation;

/// How much of the machine a step takes; each class has a limit of its own for each replica.
public enum Admission {
  /// Waits or talks.
  LIGHT,
  /// Starts servers or copies data.
  START,
  /// Installs, builds or migrates.
  BUILD
}
