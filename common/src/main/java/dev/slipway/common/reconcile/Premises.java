package dev.slipway.common.reconcile;

import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Locality;
import dev.slipway.common.operation.DriverFailure;
import java.util.List;

/// What a service's janitor looks after.
public interface Premises {

  /// More than one of its subjects, for people: `instances`.
  String plural();

  Locality locality();

  /// All that exists, whether or not anybody knows of it.
  ///
  /// @throws DriverFailure when it cannot be listed completely
  List<Found> inventory() throws DriverFailure, InterruptedException;

  /// The kind of the operation that looks again and removes what is left of a subject.
  String sweep();

  /// Its input.
  ///
  /// @param found what the janitor saw, for the reader of the operation
  Record input(List<String> found);
}
