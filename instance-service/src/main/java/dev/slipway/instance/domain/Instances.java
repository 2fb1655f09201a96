package dev.slipway.instance.domain;

import java.util.Optional;

/// The instances that exist, in the transaction of whoever calls.
public interface Instances {

  /// @return false when the name is taken, also by whoever adds it at the same moment; nothing more
  ///     can be done in the transaction then
  boolean add(Instance instance);

  Optional<Instance> find(String organization, String name);

  /// In the transaction of whoever calls, or in one of its own.
  Optional<Instance> byId(String id);

  /// How many an organization has, in whatever state.
  long count(String organization);

  /// It answers at this address, and did so just now.
  void placed(String id, String host, int port);

  /// It is no more; its name is free.
  void remove(String id);

  /// Like [#remove], in a transaction of its own.
  void forget(String id);
}
