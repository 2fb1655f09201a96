package dev.slipway.deploy.domain;

import java.util.List;
import java.util.Map;

/// The secrets of applications, encrypted, in the transaction of whoever calls, or in one of its
/// own. They are in force at the next deploy.
public interface Secrets {

  /// Adds or replaces.
  ///
  /// @param sealed encrypted with the installation's key for [#purpose]
  void put(String application, String name, String sealed);

  /// In the order of the alphabet.
  List<String> names(String application);

  /// All of them, still encrypted.
  Map<String, String> sealed(String application);

  /// @return false when there is none of this name
  boolean remove(String application, String name);

  /// What a value is encrypted for.
  static String purpose(String application, String name) {
    return "secret " + name + " of " + application;
  }
}
