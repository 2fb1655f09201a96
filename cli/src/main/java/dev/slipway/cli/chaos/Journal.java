package dev.slipway.cli.chaos;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// What happened in a run, in its own time: what was asked, what was answered, what was broken.
///
/// Used by all threads of a run.
final class Journal {

  /// One call that changes something, with all its repetitions.
  ///
  /// @param operations those that its answers named; more than one is a finding
  /// @param status     of the last answer; 0 when there was none until the end
  /// @param code       of the refusal; empty when it was done
  /// @param tries      how often it was sent
  record Call(
      String organization,
      String words,
      String key,
      Duration began,
      Duration ended,
      List<String> operations,
      int status,
      String code,
      String message,
      int tries) {

    Call {
      operations = List.copyOf(operations);
    }

    boolean refused() {
      return status >= 400;
    }
  }

  /// A fault as it was done.
  ///
  /// @param fault   as the schedule has it
  /// @param victim  in words: what it was really, which may be another where there was none
  /// @param owner   the application or the instance it belonged to; empty for the platform's own
  /// @param until   when it was continued, for a pause; equal to `at` otherwise
  record Done(Fault fault, String victim, String owner, long pid, Duration at, Duration until) {}

  /// A request to the steady application that was not answered as it should have been.
  record FailedRequest(Duration began, Duration ended, String what) {}

  private final long zero = System.nanoTime();
  private final ConcurrentLinkedQueue<Call> calls = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Done> faults = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Finding> findings = new ConcurrentLinkedQueue<>();
  private volatile @Nullable Duration faultsEnded;

  /// Since the run began.
  Duration now() {
    return Duration.ofNanos(System.nanoTime() - zero);
  }

  /// A moment of [System#nanoTime()], since the run began.
  Duration at(long nanoTime) {
    return Duration.ofNanos(nanoTime - zero);
  }

  void called(Call call) {
    calls.add(call);
  }

  void broke(Done fault) {
    faults.add(fault);
  }

  /// What was seen on the way to be wrong for certain.
  void found(Finding finding) {
    findings.add(finding);
  }

  void faultsEnded() {
    faultsEnded = now();
  }

  List<Call> calls() {
    return List.copyOf(calls);
  }

  List<Done> faults() {
    return List.copyOf(faults);
  }

  List<Finding> findings() {
    return List.copyOf(findings);
  }

  /// Empty as long as they go on.
  @Nullable Duration whenFaultsEnded() {
    return faultsEnded;
  }
}
