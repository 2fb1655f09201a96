package dev.slipway.common.operation;

import dev.slipway.common.operation.OperationView.StepState;
import dev.slipway.common.operation.OperationView.StepView;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
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
      int attempts,
      boolean failing,
      Instant enteredAt,
      @Nullable Instant endedAt,
      @Nullable Instant askedAt,
      @Nullable String message) {}

  private OperationViews() {}

  static OperationView of(
      Connection connection,
      StoredOperation operation,
      PlanShape plan,
      UsualDurations.Usual usual,
      long now)
      throws SQLException {
    Map<String, Logged> log = log(connection, operation.id());
    List<StepView> steps = new ArrayList<>();
    for (StepShape step : plan.steps()) {
      steps.add(
          step(
              step,
              log.get(step.name() + "/DO"),
              log.get(step.name() + "/UNDO"),
              usual.steps().get(step.name())));
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
        waitingFor(connection, operation, current(operation, log)),
        progress.cause(),
        next(operation),
        progress.cancelRequested(),
        operation.requestedBy(),
        operation.createdAt(),
        operation.endedAt(),
        progress.phase() == Phase.ENDED ? 0 : Math.max(0, progress.deadline() - now),
        usual.whole(),
        progress.phase() == Phase.RUNNING ? expectedEnd(steps) : null,
        operation.version(),
        steps);
  }

  private static @Nullable Logged current(StoredOperation operation, Map<String, Logged> log) {
    String direction = operation.progress().phase() == Phase.UNWINDING ? "/UNDO" : "/DO";
    return log.get(operation.progress().step() + direction);
  }

  /// If what is left takes as long as it usually does; one that is late already has no time left.
  private static @Nullable Instant expectedEnd(List<StepView> steps) {
    long left = 0;
    for (StepView step : steps) {
      Long usual = step.usualMillis();
      if (step.state() != StepState.PENDING && step.state() != StepState.RUNNING) {
        continue;
      }
      if (usual == null) {
        return null;
      }
      left += Math.max(0, usual - (step.millis() == null ? 0 : step.millis()));
    }
    return Instant.now().plusMillis(left).truncatedTo(ChronoUnit.MILLIS);
  }

  private static StepView step(
      StepShape step, @Nullable Logged did, @Nullable Logged undid, @Nullable Long usual) {
    if (did == null) {
      return new StepView(step.name(), StepState.PENDING, 0, null, null, null, usual, null);
    }
    Logged last = undid == null ? did : undid;
    Instant until = last.endedAt() == null ? Instant.now() : last.endedAt();
    return new StepView(
        step.name(),
        state(step, did, undid),
        last.attempts(),
        did.enteredAt(),
        last.endedAt(),
        Duration.between(last.enteredAt(), until).toMillis(),
        usual,
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
            select step, direction, state, attempts, failing, entered_at, ended_at, asked_at, message
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
                  rows.getInt("attempts"),
                  rows.getBoolean("failing"),
                  rows.getTimestamp("entered_at").toInstant(),
                  StoredOperation.instant(rows, "ended_at"),
                  StoredOperation.instant(rows, "asked_at"),
                  rows.getString("message")));
        }
        return log;
      }
    }
  }

  private static @Nullable String waitingFor(
      Connection connection, StoredOperation operation, @Nullable Logged step) throws SQLException {
    Phase phase = operation.progress().phase();
    if (phase == Phase.QUEUED) {
      return turn(connection, operation);
    }
    if (phase != Phase.RUNNING && phase != Phase.UNWINDING) {
      return null;
    }
    Child child = operation.progress().awaiting();
    if (child != null) {
      return reply(child, phase, step == null ? null : step.askedAt());
    }
    boolean failing = step != null && step.failing();
    if (operation.leasedBy() != null) {
      return failing ? null : operation.waitingFor();
    }
    String due = due(operation.dueAt());
    if (failing) {
      return "the next attempt%s; the last one failed: %s".formatted(due, operation.waitingFor());
    }
    if (operation.waitingFor() != null) {
      return due.isEmpty()
          ? operation.waitingFor()
          : "%s; looked at again%s".formatted(operation.waitingFor(), due);
    }
    return slot(connection, operation);
  }

  /// ` in 4 s`; empty for what is due at once.
  private static String due(Instant at) {
    long seconds = Math.round(Duration.between(Instant.now(), at).toMillis() / 1000.0);
    return seconds < 1 ? "" : " in %d s".formatted(seconds);
  }

  /// The second word of a command topic names the service: `slipway.instance.command.v1`.
  private static String reply(Child child, Phase phase, @Nullable Instant askedAt) {
    String[] words = child.topic().split("\\.", -1);
    String who = words.length > 1 ? words[1] + "-service" : child.topic();
    String since =
        askedAt == null
            ? ""
            : ", sent %d s ago"
                .formatted(Math.max(0, Duration.between(askedAt, Instant.now()).toSeconds()));
    return phase == Phase.UNWINDING
        ? "the end of `%s` (%s), which %s was told to stop".formatted(child.kind(), child.id(), who)
        : "reply from %s to `%s` (%s)%s".formatted(who, child.kind(), child.id(), since);
  }

  private static String turn(Connection connection, StoredOperation operation) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select active.id, active.kind,
                   (select count(*) from operation q
                    where q.subject = s.id and q.phase = 'QUEUED' and q.created_at < ?)
            from subject s join operation active on active.id = s.active_operation
            where s.id = ?""")) {
      select.setObject(1, operation.createdAt().atOffset(ZoneOffset.UTC));
      select.setString(2, operation.subject());
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          return "its turn";
        }
        long queued = row.getLong(3);
        return "its turn: %s (%s) has the subject%s"
            .formatted(
                row.getString(1),
                row.getString(2),
                queued == 0 ? "" : ", and %d more are before it".formatted(queued));
      }
    }
  }

  /// What is ahead in the same class; of others' only how many.
  private static @Nullable String slot(Connection connection, StoredOperation operation)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select count(*),
                   (array_agg(other.id || ' (' || other.kind || ' of ' || other.subject_name || ')'
                      order by other.due_at) filter (where other.organization = mine.organization))[1:3]
            from operation mine, operation other
            where mine.id = ? and other.admission = mine.admission and other.due_at < mine.due_at
              and other.phase in ('RUNNING', 'UNWINDING') and other.due_at <= clock_timestamp()""")) {
      select.setString(1, operation.id());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        long ahead = row.getLong(1);
        if (ahead == 0) {
          return null;
        }
        Array own = row.getArray(2);
        return "a free slot to %s: %d ahead%s"
            .formatted(
                switch (operation.admission()) {
                  case LIGHT -> "run";
                  case START -> "start servers";
                  case BUILD -> "build";
                },
                ahead,
                own == null ? "" : ", " + String.join(", ", (String[]) own.getArray()));
      }
    }
  }

  private static @Nullable String next(StoredOperation operation) {
    Progress progress = operation.progress();
    if (progress.phase() != Phase.STUCK) {
      return null;
    }
    String retry = "slipway ops retry " + operation.id();
    Cause cause = progress.cause();
    if (cause != null && cause.needsAnotherVersion()) {
      return "start a version that knows the step %s, then %s".formatted(progress.step(), retry);
    }
    if (!progress.pastPivot()) {
      return retry + ", or slipway ops cancel " + operation.id();
    }
    return retry + ", or slipway ops cancel --abandon " + operation.id();
  }
}
