package dev.slipway.instance.domain;

/// What is left of applications' databases when their instance is no more, in the transaction of
/// whoever calls.
public interface DatabaseSets {

  /// Strikes every open row of databases and roles that were on the instance, and has the
  /// operations on them look again: they find that it is gone, and end.
  ///
  /// @param operation the one that has verified it
  /// @param proof how the absence was verified
  void instanceGone(String operation, String instance, String proof);
}
