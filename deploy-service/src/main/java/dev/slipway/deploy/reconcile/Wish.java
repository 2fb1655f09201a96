package dev.slipway.deploy.reconcile;

/// What the platform's owner wants of all executors.
enum Wish {
  /// They run; what is gone is brought back.
  RUNNING,
  /// The platform is being stopped; nothing is brought back until it starts again.
  STOPPED
}
