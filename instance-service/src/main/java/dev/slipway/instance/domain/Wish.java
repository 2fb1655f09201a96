package dev.slipway.instance.domain;

/// What the platform's owner wants of all instances.
public enum Wish {
  /// They run; what goes down is brought back.
  RUNNING,
  /// The platform is being stopped; nothing is brought back until it starts again.
  STOPPED
}
