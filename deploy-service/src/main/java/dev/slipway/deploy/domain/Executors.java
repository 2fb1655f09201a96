package dev.slipway.deploy.domain;

import java.util.List;

/// The executors that run or should, in the transaction of whoever calls, or in one of its own.
public interface Executors {

  void add(Executor executor);

  List<Executor> of(String application);

  List<Executor> all();

  /// All executors of a version get a duty.
  void assign(String application, String version, Executor.Duty duty);

  /// What was seen just now.
  void observed(String id, boolean up, String reason);

  void remove(String id);
}
