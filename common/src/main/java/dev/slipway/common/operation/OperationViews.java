package dev.slipway.common.operation;

import dev.slipway.common.operation.OperationView.StepState;
import dev.slipway.common.operation.OperationView.StepView;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Derives what people see of an operation from its row and the log of its steps.
final class OperationViews {

  private record Logged(
      boolean done,
      boolean ended,
      Instant enteredAt,
      @Nullable Instant endedAt,
      @Nullable String message) {}

  private OperationViews() {}

  static OperationView of(
      Connection connection, StoredOperation operation, PlanShape plan, long now)
      throws SQLException {
    Map<String, Logged> log = log(connection, operation.id());
    List<StepView> steps = new ArrayList<>();
    for (StepShape step : plan.steps()) {
      steps.add(step(step, log.get(step.name() + "/DO"), log.get(step.name() + "/UNDO")));
    }
    Progress progress = operation.progress();
    return new OperationView(
        operation.id(),
        operation.kind(),
        operation.subject(),
        operation.subjectName(),
        operation.organization(),
        progress.phase(),
        progress.outcome(),
        progress.step(),
        progress.attempts(),
        waitingFor(connection, operation),
        progress.cause(),
        next(operation),
        progress.cancelRequested(),
        operation.requestedBy(),
        operation.createdAt(),
        operation.endedAt(),
        progress.phase() == Phase.ENDED ? 0 : Math.max(0, progress.deadline() - now),
        operation.version(),
        steps);
  }

  private static StepView step(StepShape step, @Nullable Logged did, @Nullable Logged undid) {
    if (did == null) {
      return new StepView(step.name(), StepState.PENDING, null, null, null, null);
    }
    Logged last = undid == null ? did : undid;
    Instant until = last.endedAt() == null ? Instant.now() : last.endedAt();
    return new StepView(
        step.name(),
        state(step, did, undid),
        did.enteredAt(),
        last.endedAt(),
        Duration.between(last.enteredAt(), until).toMillis(),
        last.message());
  }

  private static StepState state(StepShape step, Logged did, @Nullable Logged undid) {
    if (undid != null) {
      if (!undid.ended()) {
        return StepState.UNDOING;
      }
      return undid.done() ? StepState.UNDONE : StepState.FAILED;
    }
    if (!did.ended()) {
      return StepState.RUNNING;
    }
    if (!did.done()) {
      return StepState.FAILED;
    }
    return step.kind() == StepShape.Kind.KEPT ? StepState.KEPT : StepState.DONE;
  }

  private static Map<String, Logged> log(Connection connection, String operation)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select step, direction, state, entered_at, ended_at, message
            from operation_step where operation = ?""")) {
      select.setString(1, operation);
      try (ResultSet rows = select.executeQuery()) {
        Map<String, Logged> log = new HashMap<>();
        while (rows.next()) {
          log.put(
              rows.getString("step") + '/' + rows.getString("direction"),
              new Logged(
                  rows.getString("state").equals("DONE"),
                  !rows.getString("state").equals("ENTERED"),
                  rows.getTimestamp("entered_at").toInstant(),
                  StoredOperation.instant(rows, "ended_at"),
                  rows.getString("message")));
        }
        return log;
      }
    }
  }

  private static @Nullable String waitingFor(Connection connection, StoredOperation operation)
      throws SQLException {
    Phase phase = operation.progress().phase();
    if (phase == Phase.QUEUED) {
      return "its turn: another operation has the subject";
    }
    if (phase != Phase.RUNNING && phase != Phase.UNWINDING) {
      return null;
    }
    if (operation.leasedBy() != null || operation.waitingFor() != null) {
      return operation.waitingFor();
    }
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select count(*) from operation mine, operation other
            where mine.id = ? and other.admission = mine.admission and other.due_at < mine.due_at
              and other.phase in ('RUNNING', 'UNWINDING') and other.due_at <= clock_timestamp()""")) {
      select.setString(1, operation.id());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        long ahead = row.getLong(1);
        return ahead == 0
            ? null
            : "a free slot to %s: %d ahead"
                .formatted(
                    switch (operation.admission()) {
                      case LIGHT -> "run";
                      case START -> "start servers";
                      case BUILD -> "build";
                    },
                    ahead);
      }
    }
  }

  private static @Nullable String next(StoredOperation operation) {
    Progress progress = operation.progress();
    if (progress.phase() != Phase.STUCK) {
      return null;
    }
    String retry = "slipway ops retry " + operation.id();
    if (!progress.pastPivot()) {
      return retry + ", or slipway ops cancel " + operation.id();
    }
    return retry + ", or slipway ops cancel --abandon " + operation.id();
  }
}
