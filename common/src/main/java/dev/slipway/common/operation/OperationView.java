package dev.slipway.common.operation;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An operation as its owner sees it.
///
/// @param subjectName        what people call the subject
/// @param waitingFor         in words, what it waits for
/// @param next               what to type next, when it is stuck
/// @param deadlineMillisLeft of the platform's running time, until it is undone or stuck
/// @param usualMillis        the whole usually takes on this installation; null when that is not
///     known
/// @param expectedEndAt      when it will have ended if the rest takes as long as usual
/// @param version            raised by every visible change
public record OperationView(
    String id,
    String kind,
    String subject,
    String subjectName,
    String organization,
    Phase phase,
    @Nullable Outcome outcome,
    String step,
    int attempts,
    @Nullable String waitingFor,
    @Nullable Cause cause,
    @Nullable String next,
    boolean cancelRequested,
    String requestedBy,
    Instant createdAt,
    @Nullable Instant endedAt,
    long deadlineMillisLeft,
    @Nullable Long usualMillis,
    @Nullable Instant expectedEndAt,
    long version,
    List<StepView> steps) {

  /// One step of the plan.
  ///
  /// @param attempts    how often it has been tried again, or looked at again
  /// @param millis      how long it took, or has taken so far
  /// @param usualMillis how long it usually takes on this installation; null when that is not known
  /// @param message     the last thing it said
  public record StepView(
      String name,
      StepState state,
      int attempts,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt,
      @Nullable Long millis,
      @Nullable Long usualMillis,
      @Nullable String message) {}

  /// What became of a step.
  public enum StepState {
    PENDING,
    RUNNING,
    DONE,
    FAILED,
    KEPT,
    UNDOING,
    UNDONE
  }

  public boolean ended() {
    return phase == Phase.ENDED;
  }

  /// Whether it is stuck at a step that only another version knows how to do and undo.
  public boolean needsAnotherVersion() {
    return phase == Phase.STUCK && cause != null && cause.needsAnotherVersion();
  }

  public boolean succeeded() {
    return outcome == Outcome.SUCCEEDED;
  }
}
