package dev.slipway.instance.domain;

/// What an operation knows of an instance because it has just brought it about, in the transaction
/// of whoever calls. Everything else is written by the observer.
public interface Observations {

  void up(String instance);

  /// @param reason in words for its owner
  void down(String instance, String reason);
}
