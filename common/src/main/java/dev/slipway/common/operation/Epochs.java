package dev.slipway.common.operation;

/// The epochs that subjects have in the control database, for servers on which none can be kept.
public interface Epochs {

  /// The epoch of a subject at this moment; 0 when nobody ever acted on it.
  ///
  /// @throws DriverFailure.Transient when the control database does not answer
  long current(String subject) throws DriverFailure;
}
