package dev.slipway.common.operation.api;

import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.OperationView;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// An operation on the wire. Words in lower case, times as RFC 3339, durations in milliseconds.
///
/// @param phase   `queued`, `running`, `unwinding`, `stuck` or `ended`
/// @param outcome `succeeded`, `undone`, `cancelled`, `superseded`, `refused` or `abandoned`; null
///                until it has ended
/// @param next    what to type next, when it is stuck
/// @param version raised by every change
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
    long version,
    List<Step> steps) {

  /// One step of the plan.
  ///
  /// @param state `pending`, `running`, `done`, `failed`, `kept`, `undoing` or `undone`
  public record Step(
      String name,
      String state,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt,
      @Nullable Long millis,
      @Nullable String message) {}

  static OperationAnswer of(OperationView view) {
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
        view.version(),
        view.steps().stream()
            .map(
                step ->
                    new Step(
                        step.name(),
                        word(step.state()),
                        step.startedAt(),
                        step.endedAt(),
                        step.millis(),
                        step.message()))
            .toList());
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
