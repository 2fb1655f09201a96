package dev.slipway.deploy.driver;

/// What became of a run.
public sealed interface CommandRun {

  /// None of this name was begun, or it was cleared.
  record Absent() implements CommandRun {}

  /// It runs.
  ///
  /// @param lines how many lines it has written so far
  record Running(long lines) implements CommandRun {}

  /// It ended.
  ///
  /// @param status its exit status; 128 and more when a signal ended it
  record Exited(int status) implements CommandRun {}

  /// It was begun, has no exit status, and does not live: the machine was restarted, or its
  /// supervisor was killed. Nobody knows how far it came.
  record Vanished() implements CommandRun {}
}
