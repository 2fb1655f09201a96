package dev.slipway.common.operation.api;

import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.OperationView.StepState;
import dev.slipway.common.operation.Phase;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// An operation on the wire. Words in lower case, times as RFC 3339, durations in milliseconds.
///
/// @param phase   `queued`, `running`, `unwinding`, `stuck` or `ended`
/// @param outcome `succeeded`, `undone`, `cancelled`, `superseded`, `refused` or `abandoned`; null
///                until it has ended
/// @param attempts      of the current step
/// @param waitingFor    in words
/// @param next          what to type next, when it is stuck
/// @param usualMillis   how long the whole usually takes on this installation: the median of those
///     that have succeeded, once there are 20
/// @param expectedEndAt when it will have ended if the rest takes as long as usual
/// @param version       raised by every change
/// @param steps         the plan
public record OperationAnswer(
    String id,
    String kind,
    String subject,
    String subjectName,
    String phase,
    @Nullable String outcome,
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
    List<Step> steps) {

  /// One step of the plan.
  ///
  /// @param state       `pending`, `running`, `done`, `failed`, `kept`, `undoing` or `undone`
  /// @param attempts    how often it has been tried again, or looked at again
  /// @param usualMillis how long it usually takes on this installation, once that is known
  /// @param message     the last thing it said
  /// @param output      while it runs: the last line of what it runs
  public record Step(
      String name,
      String state,
      int attempts,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt,
      @Nullable Long millis,
      @Nullable Long usualMillis,
      @Nullable String message,
      @Nullable String output) {}

  static OperationAnswer of(OperationView view, StepOutput output) {
    return new OperationAnswer(
        view.id(),
        view.kind(),
        view.subject(),
        view.subjectName(),
        word(view.phase()),
        view.outcome() == null ? null : word(view.outcome()),
        view.step(),
        view.attempts(),
        view.waitingFor(),
        view.cause(),
        view.next(),
        view.cancelRequested(),
        view.requestedBy(),
        view.createdAt(),
        view.endedAt(),
        view.deadlineMillisLeft(),
        view.usualMillis(),
        view.expectedEndAt(),
        view.version(),
        view.steps().stream()
            .map(
                step ->
                    new Step(
                        step.name(),
                        word(step.state()),
                        step.attempts(),
                        step.startedAt(),
                        step.endedAt(),
                        step.millis(),
                        step.usualMillis(),
                        step.message(),
                        step.state() == StepState.RUNNING && view.phase() == Phase.RUNNING
                            ? output.lastLine(view, step).orElse(null)
                            : null))
            .toList());
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
