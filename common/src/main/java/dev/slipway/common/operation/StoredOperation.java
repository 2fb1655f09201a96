package dev.slipway.common.operation;

import dev.slipway.common.outbox.Json;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A row of the operation table.
record StoredOperation(
    String id,
    String kind,
    String subject,
    String subjectName,
    String organization,
    String requestedBy,
    List<String> ancestry,
    @Nullable String resumes,
    Progress progress,
    Admission admission,
    String input,
    String state,
    long epoch,
    @Nullable String waitingFor,
    @Nullable String leasedBy,
    Instant dueAt,
    long version,
    Instant createdAt,
    @Nullable Instant endedAt) {

  static final String COLUMNS =
      """
      o.id, o.kind, o.subject, o.subject_name, o.organization, o.requested_by, o.ancestry, o.resumes,
      o.phase, o.stuck_in, o.outcome, o.step, o.admission, o.attempts, o.cancel_requested, o.past_pivot,
      o.input, o.state, o.awaiting, o.child_end, o.waiting_for, o.cause_code, o.cause_message, o.deadline,
      o.step_deadline, o.step_limit, o.reported, o.generation, o.undone_for, o.epoch, o.leased_by, o.due_at, o.version, o.created_at, o.ended_at""";

  Fence fence() {
    return new Fence(subject, epoch);
  }

  /// The row once a decision is written. Its times stay those that were read: the database gives
  /// them, and whoever writes asks for none.
  StoredOperation after(Decision decision, String newState, Admission slot, boolean leased) {
    return new StoredOperation(
        id,
        kind,
        subject,
        subjectName,
        organization,
        requestedBy,
        ancestry,
        resumes,
        decision.next(),
        slot,
        input,
        newState,
        epoch,
        decision.waitingFor(),
        leased ? leasedBy : null,
        dueAt,
        version + 1,
        createdAt,
        endedAt);
  }

  static StoredOperation read(ResultSet row) throws SQLException {
    String stuckIn = row.getString("stuck_in");
    String outcome = row.getString("outcome");
    String awaiting = row.getString("awaiting");
    String childEnd = row.getString("child_end");
    String causeCode = row.getString("cause_code");
    String undoneFor = row.getString("undone_for");
    var progress =
        new Progress(
            Phase.valueOf(row.getString("phase")),
            stuckIn == null ? null : Phase.valueOf(stuckIn),
            outcome == null ? null : Outcome.valueOf(outcome),
            row.getString("step"),
            row.getInt("attempts"),
            row.getBoolean("cancel_requested"),
            row.getBoolean("past_pivot"),
            row.getLong("deadline"),
            row.getLong("step_deadline"),
            awaiting == null ? null : Json.readStored(awaiting, Child.class),
            childEnd == null ? null : Json.readStored(childEnd, ChildEnd.class),
            causeCode == null ? null : new Cause(causeCode, row.getString("cause_message")),
            row.getLong("step_limit"),
            row.getLong("reported"),
            row.getInt("generation"),
            undoneFor == null ? null : Json.readStored(undoneFor, Cause.class));
    return new StoredOperation(
        row.getString("id"),
        row.getString("kind"),
        row.getString("subject"),
        row.getString("subject_name"),
        row.getString("organization"),
        row.getString("requested_by"),
        texts(row.getArray("ancestry")),
        row.getString("resumes"),
        progress,
        Admission.valueOf(row.getString("admission")),
        row.getString("input"),
        row.getString("state"),
        row.getLong("epoch"),
        row.getString("waiting_for"),
        row.getString("leased_by"),
        row.getTimestamp("due_at").toInstant(),
        row.getLong("version"),
        row.getTimestamp("created_at").toInstant(),
        instant(row, "ended_at"));
  }

  static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    var time = row.getTimestamp(column);
    return time == null ? null : time.toInstant();
  }

  private static List<String> texts(Array array) throws SQLException {
    return List.of((String[]) array.getArray());
  }
}
