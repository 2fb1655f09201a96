package dev.slipway.common.operation;

import dev.slipway.common.outbox.Json;
import dev.slipway.common.sql.Pipeline;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Rows of `operation` and `operation_step`.
final class OperationRows {

  private final KernelSettings settings;

  OperationRows(KernelSettings settings) {
    this.settings = settings;
  }

  // ---- Reading

  static Optional<StoredOperation> find(Connection connection, String id) throws SQLException {
    List<StoredOperation> found = query(connection, "where o.id = ?", id);
    return found.isEmpty() ? Optional.empty() : Optional.of(found.getFirst());
  }

  static StoredOperation get(Connection connection, String id) throws SQLException {
    return find(connection, id)
        .orElseThrow(() -> new IllegalStateException("There is no operation " + id));
  }

  static List<StoredOperation> queuedOn(Connection connection, String subject) throws SQLException {
    return query(
        connection,
        "where o.subject = ? and o.phase = 'QUEUED' order by o.created_at, o.id",
        subject);
  }

  static List<StoredOperation> query(Connection connection, String where, Object... arguments)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select " + StoredOperation.COLUMNS + " from operation o " + where)) {
      for (int i = 0; i < arguments.length; i++) {
        select.setObject(i + 1, arguments[i]);
      }
      try (ResultSet rows = select.executeQuery()) {
        List<StoredOperation> found = new ArrayList<>();
        while (rows.next()) {
          found.add(StoredOperation.read(rows));
        }
        return found;
      }
    }
  }

  /// How an operation that does not go on by itself stands.
  ///
  /// @param outcome null when it is stuck
  record Rest(@Nullable Outcome outcome) {}

  /// @return empty when it goes on
  static Optional<Rest> rest(Connection connection, String id) throws SQLException {
    String standing =
        Statements.queryText(
            connection,
            "select coalesce(outcome, phase) from operation where id = ? and phase in ('ENDED', 'STUCK')",
            id);
    return Optional.ofNullable(standing)
        .map(word -> new Rest(word.equals("STUCK") ? null : Outcome.valueOf(word)));
  }

  static Map<String, Watch.Standing> standings(Connection connection, Collection<String> operations)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select id, version, phase in ('ENDED', 'STUCK') from operation where id = any (?)""")) {
      select.setArray(1, connection.createArrayOf("text", operations.toArray()));
      try (ResultSet row = select.executeQuery()) {
        Map<String, Watch.Standing> standings = new HashMap<>();
        while (row.next()) {
          standings.put(row.getString(1), new Watch.Standing(row.getLong(2), row.getBoolean(3)));
        }
        return standings;
      }
    }
  }

  /// The operation that waits for this child.
  static @Nullable String awaiting(Connection connection, String child) throws SQLException {
    return Statements.queryText(
        connection, "select id from operation where awaiting_id = ?", child);
  }

  static List<String> children(Connection connection, String operation) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select child from operation, unnest(children) as child where id = ?")) {
      select.setString(1, operation);
      try (ResultSet rows = select.executeQuery()) {
        List<String> children = new ArrayList<>();
        while (rows.next()) {
          children.add(rows.getString(1));
        }
        return children;
      }
    }
  }

  // ---- Writing operations

  void insert(
      Pipeline writes,
      OperationCatalog.Entry<?, ?> entry,
      BeginRequest request,
      String id,
      @Nullable String resumes,
      Phase phase,
      Progress progress,
      boolean taken) {
    PlanShape shape = entry.plan().shape();
    writes.add(
        """
        insert into operation as o (id, kind, signature, subject, subject_name, organization, requested_by,
          ancestry, resumes, phase, step, admission, past_pivot, input, state, deadline, step_deadline, step_limit,
          due_at, epoch, leased_by, leased_until)
        select ?, ?, ?, subject.id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?::jsonb, ?, ?, ?, clock_timestamp(),
          case when leased then epoch else 0 end, case when leased then ? end,
          case when leased then clock_timestamp() + ? * interval '1 millisecond' end
        from subject, (select ? as leased) taken where subject.id = ?
        returning\s"""
            + StoredOperation.COLUMNS,
        id,
        request.kind(),
        shape.signature(),
        request.subjectName(),
        request.organization(),
        request.requestedBy(),
        request.ancestry().toArray(String[]::new),
        resumes,
        phase.name(),
        progress.step(),
        shape.first().admission().name(),
        progress.pastPivot(),
        Json.write(request.input()),
        Json.write(initialState(entry, request.input())),
        progress.deadline(),
        progress.stepDeadline(),
        progress.stepLimit(),
        settings.replica(),
        settings.lease().toMillis(),
        taken,
        request.subject());
  }

  private static <I extends Record, S extends Record> Record initialState(
      OperationCatalog.Entry<I, S> entry, Record input) {
    return entry.plan().initial(entry.input().cast(input));
  }

  /// Writes an operation that ends as it begins.
  static void insertEnded(
      Connection connection,
      OperationCommand.Begin command,
      StepShape first,
      String signature,
      Outcome outcome,
      Cause cause)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            insert into operation (id, kind, signature, subject, subject_name, organization, requested_by,
              ancestry, phase, outcome, step, admission, input, state, cause_code, cause_message,
              deadline, step_deadline, due_at, ended_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, 'ENDED', ?, ?, ?, ?::jsonb, '{}', ?, ?, 0, 0,
              clock_timestamp(), clock_timestamp())
            on conflict do nothing""")) {
      int i = 0;
      insert.setString(++i, command.operation());
      insert.setString(++i, command.kind());
      insert.setString(++i, signature);
      insert.setString(++i, command.subject());
      insert.setString(++i, command.subject());
      insert.setString(++i, command.organization());
      insert.setString(++i, command.requestedBy());
      insert.setArray(++i, connection.createArrayOf("text", command.ancestry().toArray()));
      insert.setString(++i, outcome.name());
      insert.setString(++i, first.name());
      insert.setString(++i, first.admission().name());
      insert.setString(++i, command.input());
      insert.setString(++i, cause.code());
      insert.setString(++i, cause.message());
      insert.executeUpdate();
    }
  }

  /// Writes what an operation has come to; running it fails with `NOT_AS_SEEN` when it is no longer
  /// what was read.
  ///
  /// @param renew whether a lease that is kept begins anew
  /// @return the operation as it is then
  StoredOperation write(
      Pipeline writes,
      StoredOperation operation,
      Decision decision,
      String state,
      Admission admission,
      boolean keepLease,
      boolean renew) {
    Progress next = decision.next();
    Child child = next.awaiting();
    Cause cause = next.cause();
    boolean leased = keepLease && operation.leasedBy() != null;
    // What is leased is not due: leaving that column alone, with the others that are indexed, keeps
    // the new row on the page of the old one and out of every index.
    writes.add(
        """
        update operation o set
          phase = ?, stuck_in = ?, outcome = ?, step = ?, admission = ?, attempts = ?, cancel_requested = ?,
          past_pivot = ?, state = ?::jsonb, awaiting = ?::jsonb, awaiting_id = ?, child_end = ?::jsonb,
          waiting_for = ?, cause_code = ?, cause_message = ?, deadline = ?, step_deadline = ?,
          step_limit = ?, reported = ?, generation = ?, undone_for = ?::jsonb,
          due_at = case when ? then due_at else clock_timestamp() + ? * interval '1 millisecond' end,
          leased_by = case when ? then leased_by end,
          leased_until = case when not ? then null
            when ? then clock_timestamp() + ? * interval '1 millisecond' else leased_until end,
          version = case when version = ? then version + 1 else not_as_seen() end,
          ended_at = case when ? then clock_timestamp() end
        where o.id = ?""",
        next.phase().name(),
        name(next.stuckIn()),
        name(next.outcome()),
        next.step(),
        admission.name(),
        next.attempts(),
        next.cancelRequested(),
        next.pastPivot(),
        state,
        child == null ? null : Json.write(child),
        child == null ? null : child.id(),
        next.childEnd() == null ? null : Json.write(next.childEnd()),
        decision.waitingFor(),
        cause == null ? null : cause.code(),
        cause == null ? null : cause.message(),
        next.deadline(),
        next.stepDeadline(),
        next.stepLimit(),
        next.reported(),
        next.generation(),
        next.undoneFor() == null ? null : Json.write(next.undoneFor()),
        leased,
        decision.due().toMillis(),
        keepLease,
        leased,
        renew,
        settings.lease().toMillis(),
        operation.version(),
        next.phase() == Phase.ENDED,
        operation.id());
    return operation.after(decision, state, admission, leased);
  }

  /// Runs what has the writing of one new operation in it.
  static StoredOperation one(Pipeline writes, Connection connection) throws SQLException {
    if (writes.read(connection, StoredOperation::read).getFirst()
        instanceof StoredOperation written) {
      return written;
    }
    throw new IllegalStateException("An operation is not where it was");
  }

  private static @Nullable String name(@Nullable Enum<?> value) {
    return value == null ? null : value.name();
  }

  static void addChild(Pipeline writes, StoredOperation asking, Child child) {
    writes.add(
        "update operation set children = children || ?::text where id = ? and not ?::text = any (children)",
        child.id(),
        asking.id(),
        child.id());
  }

  // ---- Writing steps

  private static final String END =
      """
      update operation_step set state = ?, message = coalesce(?, message), ended_at = clock_timestamp()
      where operation = ? and step = ? and direction = ? and state = 'ENTERED'""";

  private static final String ENTER =
      """
      insert into operation_step (operation, step, direction, state) values (?, ?, ?, 'ENTERED')
      on conflict (operation, step, direction)
      do update set state = 'ENTERED', attempts = 0, failing = false, ended_at = null, message = null,
        entered_at = clock_timestamp()""";

  /// Marks the current step entered.
  static void enter(Pipeline writes, String operation, Progress entered) {
    writes.add(ENTER, operation, entered.step(), direction(entered));
  }

  static void endStep(Pipeline writes, StoredOperation operation, StepEnd end) {
    writes.add(END, endOf(operation, end));
  }

  /// Marks one step ended, if it has not been before, and the next one entered.
  static void passStep(
      Pipeline writes, StoredOperation left, @Nullable StepEnd end, StoredOperation entered) {
    if (end == null) {
      enter(writes, entered.id(), entered.progress());
      return;
    }
    List<@Nullable Object> arguments = new ArrayList<>(Arrays.asList(endOf(left, end)));
    arguments.add(entered.id());
    arguments.add(entered.progress().step());
    arguments.add(direction(entered.progress()));
    writes.add("with left_behind as (" + END + ")\n" + ENTER, arguments.toArray());
  }

  private static @Nullable Object[] endOf(StoredOperation operation, StepEnd end) {
    Progress progress = operation.progress();
    return new @Nullable Object[] {
      end.done() ? "DONE" : "FAILED",
      end.message(),
      operation.id(),
      progress.step(),
      direction(progress)
    };
  }

  static void noteStep(
      Pipeline writes, StoredOperation operation, Signal signal, @Nullable String message) {
    writes.add(
        """
        update operation_step set attempts = attempts + 1, message = coalesce(?, message), failing = ?,
          asked_at = case when ? then clock_timestamp() else asked_at end
        where operation = ? and step = ? and direction = ?""",
        message,
        signal instanceof Signal.Threw,
        signal instanceof Signal.Stepped(StepOutcome.Await<?> ignored),
        operation.id(),
        operation.progress().step(),
        direction(operation.progress()));
  }

  static String direction(Progress progress) {
    return progress.phase() == Phase.UNWINDING ? "UNDO" : "DO";
  }
}
