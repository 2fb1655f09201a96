package dev.slipway.common.operation;

import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.Ledger;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.Decision.Move;
import dev.slipway.common.outbox.Event;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Outbox;
import dev.slipway.common.sql.Pipeline;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The kernel's tables. Each public method is one transaction, or part of the caller's where it
/// takes a connection.
///
/// Every write to an operation happens under its subject's row lock, and every write of a runner
/// only while the subject's epoch is the one it claimed with. So a runner that was overtaken
/// changes nothing, and says so with `Lost`.
final class OperationStore {

  /// A runner's write came too late: another replica or operation has the subject.
  static final class Lost extends Exception {
    Lost(StoredOperation operation) {
      super("Epoch %d of %s has been overtaken".formatted(operation.epoch(), operation.subject()));
    }
  }

  private final Transactions transactions;
  private final OperationCatalog catalog;
  private final KernelSettings settings;
  private final Outbox outbox;
  private final Ledger ledger = new Ledger();
  private final IdempotencyKeys keys = new IdempotencyKeys();
  private final Turns turns = new Turns();
  private final UsualDurations usual = new UsualDurations();

  OperationStore(
      Transactions transactions, OperationCatalog catalog, KernelSettings settings, Outbox outbox) {
    this.transactions = transactions;
    this.catalog = catalog;
    this.settings = settings;
    this.outbox = outbox;
  }

  // ---- Beginning

  Begun begin(Connection connection, BeginRequest request) throws SQLException {
    String id = request.id() == null ? Identifiers.next(settings.prefix()) : request.id();
    BeginRequest.Idempotency idempotency = request.idempotency();
    if (idempotency != null) {
      switch (keys.claim(connection, request.organization(), idempotency)) {
        case IdempotencyKeys.Claim.First() -> {}
        case IdempotencyKeys.Claim.Again(String operation) -> {
          return new Begun.Same(operation);
        }
        case IdempotencyKeys.Claim.Reused() -> {
          return new Begun.KeyReused();
        }
      }
    }
    OperationCatalog.Entry<?, ?> entry = catalog.get(request.kind());
    Subject subject = lockSubject(connection, request.subject(), request.organization());
    String active = subject.active();
    if (request.id() != null && find(connection, id).isPresent()) {
      recordKey(connection, request, id);
      return new Begun.Same(id);
    }
    boolean asked = !request.ancestry().isEmpty();
    String resumes = null;
    boolean queue = false;
    if (active != null) {
      if (entry.plan().shape().supersedes()) {
        StoredOperation running = get(connection, active);
        if (running.kind().equals(request.kind())) {
          if (running.progress().phase() == Phase.STUCK) {
            apply(
                connection,
                running,
                new Signal.RetryRequested(),
                subject.now(),
                age(connection, running));
          }
          recordKey(connection, request, active);
          return new Begun.Same(active);
        }
        supersede(connection, running, id);
      } else if (request.ancestry().contains(active)) {
        resumes = active;
      } else if (shapeOf(get(connection, active)).yields() && !entry.plan().shape().yields()) {
        supersede(connection, get(connection, active), id);
      } else if (asked) {
        queue = true;
      } else {
        releaseKey(connection, request);
        return new Begun.Busy(view(connection, get(connection, active)));
      }
    }
    Pipeline writes = new Pipeline();
    Progress first = Progress.begin(entry.plan().shape(), subject.now());
    insert(writes, entry, request, id, resumes, queue ? Phase.QUEUED : Phase.RUNNING, first);
    recordKey(writes, request, id);
    publish(
        writes,
        request.subject(),
        request.organization(),
        new OperationEvent.Begun(
            id,
            request.kind(),
            request.subject(),
            request.requestedBy(),
            request.ancestry(),
            request.subjectName()));
    if (!queue) {
      activate(writes, id, request.subject());
      enter(writes, id, first.step(), "DO");
    }
    StoredOperation begun = one(writes, connection);
    if (!queue) {
      plan(connection, begun);
    }
    return new Begun.New(id);
  }

  /// Ends an operation that may not begin; the asker hears of it.
  void refuse(Connection connection, BeginRequest request, Cause cause) throws SQLException {
    insertEnded(
        connection,
        new OperationCommand.Begin(
            request.id() == null ? Identifiers.next(settings.prefix()) : request.id(),
            request.kind(),
            request.subject(),
            request.organization(),
            request.requestedBy(),
            request.ancestry(),
            Json.write(request.input())),
        Outcome.REFUSED,
        cause);
  }

  /// Notes that an operation never seen is cancelled, so that a begin that comes late is refused.
  void cancelUnseen(Connection connection, OperationCommand.Cancel command) throws SQLException {
    insertEnded(
        connection,
        new OperationCommand.Begin(
            command.operation(),
            command.kind(),
            command.subject(),
            command.organization(),
            command.requestedBy(),
            command.ancestry(),
            "{}"),
        Outcome.CANCELLED,
        Cause.CANCELLED);
  }

  private void insertEnded(
      Connection connection, OperationCommand.Begin command, Outcome outcome, Cause cause)
      throws SQLException {
    lockSubject(connection, command.subject(), command.organization());
    PlanShape shape = catalog.get(command.kind()).plan().shape();
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
      insert.setString(++i, shape.signature());
      insert.setString(++i, command.subject());
      insert.setString(++i, command.subject());
      insert.setString(++i, command.organization());
      insert.setString(++i, command.requestedBy());
      insert.setArray(++i, connection.createArrayOf("text", command.ancestry().toArray()));
      insert.setString(++i, outcome.name());
      insert.setString(++i, shape.first().name());
      insert.setString(++i, shape.first().admission().name());
      insert.setString(++i, command.input());
      insert.setString(++i, cause.code());
      insert.setString(++i, cause.message());
      insert.executeUpdate();
    }
    publishEnd(connection, get(connection, command.operation()));
  }

  /// Sends the reply once more to an asker that asks again.
  void republishEnd(Connection connection, StoredOperation operation) throws SQLException {
    lockSubject(connection, operation.subject(), operation.organization());
    if (operation.progress().phase() == Phase.ENDED) {
      publishEnd(connection, operation);
    }
  }

  private static void insert(
      Pipeline writes,
      OperationCatalog.Entry<?, ?> entry,
      BeginRequest request,
      String id,
      @Nullable String resumes,
      Phase phase,
      Progress progress) {
    PlanShape shape = entry.plan().shape();
    writes.add(
        """
        insert into operation as o (id, kind, signature, subject, subject_name, organization, requested_by,
          ancestry, resumes, phase, step, admission, past_pivot, input, state, deadline, step_deadline, step_limit,
          due_at)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?::jsonb, ?, ?, ?, clock_timestamp())
        returning\s"""
            + StoredOperation.COLUMNS,
        id,
        request.kind(),
        shape.signature(),
        request.subject(),
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
        progress.stepLimit());
  }

  private static <I extends Record, S extends Record> Record initialState(
      OperationCatalog.Entry<I, S> entry, Record input) {
    return entry.plan().initial(entry.input().cast(input));
  }

  private static void activate(Pipeline writes, String operation, String subject) {
    writes.add("update subject set active_operation = ? where id = ?", operation, subject);
  }

  private void supersede(Connection connection, StoredOperation active, String by)
      throws SQLException {
    long now = platformNow(connection);
    StoredOperation next = active;
    while (true) {
      apply(connection, next, new Signal.Superseded(by), now, age(connection, next));
      if (next.resumes() == null) {
        break;
      }
      next = get(connection, next.resumes());
    }
    for (StoredOperation queued : queuedOn(connection, active.subject())) {
      apply(connection, queued, new Signal.Superseded(by), now, 0);
    }
    // Whoever claimed with the old epoch can no longer act.
    execute(
        connection,
        "update subject set epoch = epoch + 1, active_operation = null where id = ?",
        active.subject());
  }

  private void recordKey(Connection connection, BeginRequest request, String operation)
      throws SQLException {
    Pipeline writes = new Pipeline();
    recordKey(writes, request, operation);
    writes.run(connection);
  }

  private void recordKey(Pipeline writes, BeginRequest request, String operation) {
    BeginRequest.Idempotency idempotency = request.idempotency();
    if (idempotency != null) {
      keys.operation(writes, request.organization(), idempotency, operation);
    }
  }

  /// A call that began nothing may be made again with its key.
  private void releaseKey(Connection connection, BeginRequest request) throws SQLException {
    BeginRequest.Idempotency idempotency = request.idempotency();
    if (idempotency != null) {
      keys.release(connection, request.organization(), idempotency);
    }
  }

  // ---- Running

  /// Claims due operations under a lease, one organization after the other, and raises the epoch of
  /// their subjects.
  ///
  /// @param free how many of each class at most
  List<StoredOperation> claim(Map<Admission, Integer> free) throws SQLException {
    return transactions.inNew(
        connection -> {
          List<String> subjects = new ArrayList<>();
          try (PreparedStatement select =
              connection.prepareStatement(
                  """
                  select s.id from unnest(?::text[], ?::int[]) as class (name, free)
                  cross join lateral (
                    select o.id, o.due_at, o.organization,
                           row_number() over (partition by o.organization order by o.due_at) as turn
                    from operation o
                    join subject active on active.active_operation = o.id
                    where o.phase in ('RUNNING', 'UNWINDING') and o.due_at <= clock_timestamp()
                      and (o.leased_until is null or o.leased_until < clock_timestamp())
                      and o.admission = class.name
                    order by turn, coalesce(array_position(?::text[], o.organization), 0), o.due_at
                    limit class.free
                  ) due
                  join subject s on s.active_operation = due.id
                  for update of s skip locked""")) {
            select.setArray(
                1,
                connection.createArrayOf("text", free.keySet().stream().map(Enum::name).toArray()));
            select.setArray(2, connection.createArrayOf("int4", free.values().toArray()));
            select.setArray(3, connection.createArrayOf("text", turns.inOrder().toArray()));
            try (ResultSet rows = select.executeQuery()) {
              while (rows.next()) {
                subjects.add(rows.getString(1));
              }
            }
          }
          List<StoredOperation> claimed =
              subjects.isEmpty() ? List.of() : claim(connection, subjects);
          claimed.forEach(operation -> turns.served(operation.organization()));
          return claimed;
        });
  }

  /// Claims what is due on these subjects, whose rows are locked. What was read before that lock
  /// may be out of date, so it is read again here, and no epoch is raised without a claim.
  List<StoredOperation> claim(Connection connection, List<String> subjects) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            """
            with due as (
              select o.id, o.subject from operation o
              join subject s on s.active_operation = o.id
              where s.id = any (?) and o.phase in ('RUNNING', 'UNWINDING')
                and o.due_at <= clock_timestamp()
                and (o.leased_until is null or o.leased_until < clock_timestamp())
            ), raised as (
              update subject s set epoch = s.epoch + 1 from due where s.id = due.subject
              returning due.id, s.epoch
            )
            update operation o
            set epoch = raised.epoch, leased_by = ?,
                leased_until = clock_timestamp() + ? * interval '1 millisecond'
            from raised
            where o.id = raised.id
            returning\s"""
                + StoredOperation.COLUMNS)) {
      update.setArray(1, connection.createArrayOf("text", subjects.toArray()));
      update.setString(2, settings.replica());
      update.setLong(3, settings.lease().toMillis());
      try (ResultSet rows = update.executeQuery()) {
        List<StoredOperation> claimed = new ArrayList<>();
        while (rows.next()) {
          claimed.add(StoredOperation.read(rows));
        }
        return claimed;
      }
    }
  }

  /// Commits what a runner's signal leads to.
  ///
  /// @return the operation as it stands now; still leased to the runner when it is to go on with
  ///     the next step at once
  /// @throws Lost when the runner has been overtaken
  StoredOperation commit(StoredOperation claimed, Signal signal) throws SQLException, Lost {
    Optional<StoredOperation> now =
        transactions.inNew(
            connection -> {
              // The operation is read after its subject's lock is held: each statement sees what
              // was committed before it.
              List<@Nullable Object> read =
                  new Pipeline()
                      .add(LOCK, claimed.subject())
                      .add(FIND, claimed.id())
                      .add(AGE, claimed.id(), claimed.progress().step(), direction(claimed))
                      .read(
                          connection,
                          OperationStore::locked,
                          StoredOperation::read,
                          row -> row.getLong(1));
              if (!(read.get(0) instanceof Locked subject) || subject.epoch() != claimed.epoch()) {
                return Optional.empty();
              }
              if (!(read.get(1) instanceof StoredOperation current)) {
                throw new IllegalStateException("There is no operation " + claimed.id());
              }
              long age = read.get(2) instanceof Long millis ? millis : 0;
              return Optional.of(
                  apply(connection, current, signal, subject.now(), age).orElse(current));
            });
    return now.orElseThrow(() -> new Lost(claimed));
  }

  /// Why a commit was refused, so that trying just the same again at once is pointless; empty when
  /// nothing is known of the commit.
  static Optional<Cause> refused(Throwable failure, String step) {
    if (DatabaseRefusal.isOfCode(failure)) {
      return Optional.of(internal(step));
    }
    return DatabaseRefusal.state(failure)
        .map(
            state ->
                DatabaseRefusal.isTaken(state)
                    ? new Cause("taken", "What the next step needs was taken in the meantime")
                    : internal(step));
  }

  private static Cause internal(String step) {
    return new Cause("internal", "What the step %s came to could not be stored".formatted(step));
  }

  /// Tells an operation of something from outside its runner.
  ///
  /// @return false when it had no effect
  boolean signal(String operation, Signal signal) throws SQLException {
    return transactions.joining(connection -> signal(connection, operation, signal));
  }

  boolean signal(Connection connection, String operation, Signal signal) throws SQLException {
    Optional<StoredOperation> found = find(connection, operation);
    if (found.isEmpty()) {
      return false;
    }
    long now = lock(connection, found.get().subject()).now();
    StoredOperation current = get(connection, operation);
    return apply(connection, current, signal, now, age(connection, current)).isPresent();
  }

  /// Wakes the operation that waits for this child.
  boolean hear(Connection connection, ChildEnd end) throws SQLException {
    String waiting =
        queryText(connection, "select id from operation where awaiting_id = ?", end.id());
    return waiting != null && signal(connection, waiting, new Signal.ChildEnded(end));
  }

  /// Applies the rules and writes what follows. The subject's lock is held.
  ///
  /// @param age how long ago the current step was entered, in milliseconds
  /// @return the operation as it is then; empty when the signal has no effect
  private Optional<StoredOperation> apply(
      Connection connection, StoredOperation operation, Signal signal, long now, long age)
      throws SQLException {
    PlanShape plan = shapeOf(operation);
    Optional<Decision> decided = Transition.next(plan, operation.progress(), now, signal);
    if (decided.isEmpty()) {
      return Optional.empty();
    }
    Decision decision = decided.get();
    String state = operation.state();
    String step = operation.progress().step();
    Pipeline writes = new Pipeline();
    if (signal instanceof Signal.Stepped(StepOutcome.Done<?> done)) {
      state = Json.write(done.state());
      if (makes(operation, step)) {
        ledger.made(writes, operation.id(), step);
      }
      for (Map.Entry<Resource, String> gone : done.gone().entrySet()) {
        ledger.gone(writes, operation.id(), operation.subject(), gone.getKey(), gone.getValue());
      }
      endStep(writes, operation, true, null, age);
      for (Event event : done.events()) {
        publish(writes, operation, event);
      }
      if (decision.move() != Move.UNWIND) {
        done.change().run();
      }
    } else if (signal instanceof Signal.Unwound(UndoOutcome.Undone undone)) {
      for (Map.Entry<Resource, String> gone : undone.things().entrySet()) {
        ledger.gone(writes, operation.id(), operation.subject(), gone.getKey(), gone.getValue());
      }
      ledger.undone(writes, operation.id(), step, undone.proof());
      endStep(writes, operation, true, undone.proof(), age);
    } else if (decision.move() == Move.STAY) {
      noteStep(writes, operation, signal, decision.waitingFor());
    } else if (operation.progress().phase() == Phase.RUNNING
        || operation.progress().phase() == Phase.UNWINDING) {
      Cause cause = decision.next().cause();
      endStep(writes, operation, false, cause == null ? null : cause.message(), age);
    }
    // The same runner goes on when the next step needs the same kind of slot.
    boolean goesOn =
        switch (decision.move()) {
          case ENTER -> plan.step(decision.next().step()).admission() == operation.admission();
          case UNWIND, UNWIND_FURTHER -> true;
          case STAY, END, STICK -> false;
        };
    boolean byRunner =
        signal instanceof Signal.Stepped
            || signal instanceof Signal.Unwound
            || signal instanceof Signal.Threw
            || signal instanceof Signal.Unrunnable
            || signal instanceof Signal.ChildSilent;
    // A cancel only leaves word: whoever holds the lease goes on holding it.
    boolean keepLease =
        byRunner
            ? goesOn
            : signal instanceof Signal.CancelRequested && decision.move() == Move.STAY;
    write(writes, operation, decision, state, keepLease);
    String next = decision.next().step();
    boolean enters = decision.move() == Move.ENTER;
    boolean unwinds = decision.move() == Move.UNWIND || decision.move() == Move.UNWIND_FURTHER;
    if (enters || unwinds) {
      enter(writes, operation.id(), next, unwinds ? "UNDO" : "DO");
    }
    StoredOperation written = one(writes, connection);
    switch (decision.move()) {
      case ENTER -> plan(connection, written);
      case UNWIND, UNWIND_FURTHER -> {}
      case END -> {
        Child abandoned = operation.progress().awaiting();
        if (abandoned != null) {
          // Nobody waits for it any more.
          tellToStop(connection, operation, abandoned);
        }
        publishEnd(connection, written, signal instanceof Signal.Superseded(String by) ? by : null);
        if (!(signal instanceof Signal.Superseded)) {
          handOver(connection, written);
        }
      }
      case STICK -> {
        Cause cause = decision.next().cause();
        if (cause != null && !(signal instanceof Signal.ChildEnded)) {
          publish(
              connection,
              written,
              new OperationEvent.Stuck(
                  written.id(),
                  written.kind(),
                  step,
                  cause,
                  written.ancestry(),
                  written.subjectName()));
        }
      }
      case STAY -> {
        Child child = decision.next().awaiting();
        boolean ask =
            signal instanceof Signal.ChildSilent
                || signal instanceof Signal.Stepped(StepOutcome.Await<?> ignored);
        if (child != null && ask) {
          ask(connection, written, child);
        } else if (child != null && signal instanceof Signal.CancelRequested) {
          // The child may have the subject of the one that is cancelled, which could not tell it
          // before.
          tellToStop(connection, written, child);
        }
        if (signal instanceof Signal.RetryRequested) {
          Pipeline again = new Pipeline();
          enter(again, written.id(), next, direction(written));
          again.run(connection);
          plan(connection, written);
        }
      }
    }
    return Optional.of(written);
  }

  /// The subject goes to the operation that waited for this one, or to the next in the queue.
  private void handOver(Connection connection, StoredOperation ended) throws SQLException {
    int handed =
        execute(
            connection,
            "update subject set active_operation = ? where id = ? and active_operation = ?",
            ended.resumes(),
            ended.subject(),
            ended.id());
    if (handed == 0 || ended.resumes() != null) {
      return;
    }
    for (StoredOperation queued : queuedOn(connection, ended.subject())) {
      Cause refusal = beginTurn(connection, queued);
      if (refusal == null) {
        return;
      }
      Pipeline writes = new Pipeline();
      write(
          writes,
          queued,
          Decision.now(queued.progress().ended(Outcome.REFUSED, refusal), Move.END),
          queued.state(),
          false);
      publishEnd(connection, one(writes, connection));
    }
  }

  /// Begins an operation whose turn it is. It may not hold up the one before it, whose end is in
  /// the same transaction, by failing.
  ///
  /// @return why it may not begin; null when it has
  private @Nullable Cause beginTurn(Connection connection, StoredOperation queued)
      throws SQLException {
    Optional<OperationCatalog.Entry<?, ?>> entry = catalog.find(queued.kind());
    if (entry.isEmpty()) {
      return new Cause("unknown-kind", "This version does not know " + queued.kind());
    }
    execute(connection, "savepoint turn");
    try {
      Optional<Cause> refusal = refusalOf(entry.get(), queued);
      if (refusal.isPresent()) {
        return refusal.get();
      }
      Progress first = Progress.begin(entry.get().plan().shape(), platformNow(connection));
      Pipeline writes = new Pipeline();
      write(writes, queued, Decision.now(first, Move.ENTER), queued.state(), false);
      activate(writes, queued.id(), queued.subject());
      enter(writes, queued.id(), first.step(), "DO");
      plan(connection, one(writes, connection));
      return null;
    } catch (SQLException | RuntimeException failure) {
      Optional<Cause> refused = refused(failure, queued.progress().step());
      if (refused.isEmpty()) {
        throw failure;
      }
      execute(connection, "rollback to savepoint turn");
      return refused.get();
    }
  }

  private static <I extends Record, S extends Record> Optional<Cause> refusalOf(
      OperationCatalog.Entry<I, S> entry, StoredOperation queued) {
    return entry
        .operation()
        .refusal(queued.subject(), Json.readStored(queued.input(), entry.input()));
  }

  private List<StoredOperation> queuedOn(Connection connection, String subject)
      throws SQLException {
    return query(
        connection,
        "where o.subject = ? and o.phase = 'QUEUED' order by o.created_at, o.id",
        subject);
  }

  /// Asks for a child, or, when everything is undone, that it stops.
  private void ask(Connection connection, StoredOperation asking, Child child) throws SQLException {
    if (asking.progress().phase() == Phase.UNWINDING) {
      tellToStop(connection, asking, child);
      return;
    }
    execute(
        connection,
        "update operation set children = children || ?::text where id = ? and not ?::text = any (children)",
        child.id(),
        asking.id(),
        child.id());
    outbox.append(
        connection,
        child.topic(),
        child.subject(),
        asking.organization(),
        new OperationCommand.Begin(
            child.id(),
            child.kind(),
            child.subject(),
            asking.organization(),
            asking.requestedBy(),
            ancestryOfChildren(asking),
            child.input()));
  }

  private void tellToStop(Connection connection, StoredOperation asking, Child child)
      throws SQLException {
    outbox.append(
        connection,
        child.topic(),
        child.subject(),
        asking.organization(),
        new OperationCommand.Cancel(
            child.id(),
            child.kind(),
            child.subject(),
            asking.organization(),
            asking.requestedBy(),
            ancestryOfChildren(asking)));
  }

  private static List<String> ancestryOfChildren(StoredOperation asking) {
    List<String> ancestry = new ArrayList<>(asking.ancestry());
    ancestry.add(asking.id());
    return ancestry;
  }

  private void write(
      Pipeline writes,
      StoredOperation operation,
      Decision decision,
      String state,
      boolean keepLease) {
    Progress next = decision.next();
    PlanShape plan = shapeOf(operation);
    Admission admission =
        plan.knows(next.step()) ? plan.step(next.step()).admission() : operation.admission();
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
          step_limit = ?, reported = ?, generation = ?,
          due_at = case when ? then due_at else clock_timestamp() + ? * interval '1 millisecond' end,
          leased_by = case when ? then leased_by end,
          leased_until = case when ? then clock_timestamp() + ? * interval '1 millisecond' end,
          version = version + 1,
          ended_at = case when ? then clock_timestamp() end
        where o.id = ?
        returning\s"""
            + StoredOperation.COLUMNS,
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
        leased,
        decision.due().toMillis(),
        keepLease,
        leased,
        settings.lease().toMillis(),
        next.phase() == Phase.ENDED,
        operation.id());
  }

  /// Runs what ends with, or has in it, the writing of one operation.
  private static StoredOperation one(Pipeline writes, Connection connection) throws SQLException {
    if (writes.read(connection, StoredOperation::read).getFirst()
        instanceof StoredOperation written) {
      return written;
    }
    throw new IllegalStateException("An operation is not where it was");
  }

  private static @Nullable String name(@Nullable Enum<?> value) {
    return value == null ? null : value.name();
  }

  /// Marks a step entered.
  private static void enter(Pipeline writes, String operation, String step, String direction) {
    writes.add(
        """
        insert into operation_step (operation, step, direction, number, state)
        values (?, ?, ?, (select count(*) from operation_step where operation = ?), 'ENTERED')
        on conflict (operation, step, direction)
        do update set state = 'ENTERED', attempts = 0, failing = false, ended_at = null, message = null,
          entered_at = clock_timestamp()""",
        operation,
        step,
        direction,
        operation);
  }

  /// Writes down what the current step is about to make, in the commit that enters it.
  private void plan(Connection connection, StoredOperation operation) throws SQLException {
    String step = operation.progress().step();
    if (operation.progress().phase() == Phase.RUNNING && makes(operation, step)) {
      Pipeline writes = new Pipeline();
      for (Resource resource : made(catalog.get(operation.kind()), operation, step)) {
        ledger.plan(writes, operation.subject(), operation.id(), step, resource);
      }
      writes.run(connection);
    }
  }

  private boolean makes(StoredOperation operation, String step) {
    return catalog.get(operation.kind()).plan().step(step).makes() != null;
  }

  private <I extends Record, S extends Record> List<Resource> made(
      OperationCatalog.Entry<I, S> entry, StoredOperation operation, String step) {
    var makes = entry.plan().step(step).makes();
    return makes == null ? List.of() : makes.apply(context(entry, operation));
  }

  /// What a step of this operation sees.
  <I extends Record, S extends Record> StepContext<I, S> context(
      OperationCatalog.Entry<I, S> entry, StoredOperation operation) {
    var open = new ReadLedger(operation.subject());
    return new StepContext<>(
        operation.id(),
        operation.progress().step(),
        operation.fence(),
        operation.organization(),
        operation.requestedBy(),
        operation.progress().attempts(),
        Json.readStored(operation.input(), entry.input()),
        Json.readStored(operation.state(), entry.state()),
        operation.progress().childEnd(),
        open,
        operation.progress().generation());
  }

  private final class ReadLedger implements StepContext.OpenLedger {

    private final String subject;

    ReadLedger(String subject) {
      this.subject = subject;
    }

    @Override
    public List<LedgerRow> ofSubject() {
      return read(connection -> ledger.open(connection, subject));
    }

    @Override
    public List<LedgerRow> ofKind(String kind) {
      return read(connection -> ledger.openOfKind(connection, kind));
    }

    private List<LedgerRow> read(Transactions.Work<List<LedgerRow>> query) {
      try {
        return transactions.joining(query);
      } catch (SQLException failure) {
        throw new DatabaseUnavailable(failure);
      }
    }
  }

  /// The control database did not answer while a step asked it; the step is tried again.
  static final class DatabaseUnavailable extends RuntimeException {
    DatabaseUnavailable(SQLException cause) {
      super("The control database did not answer", cause);
    }
  }

  private void endStep(
      Pipeline writes,
      StoredOperation operation,
      boolean done,
      @Nullable String message,
      long age) {
    String step = operation.progress().step();
    writes.add(
        """
        update operation_step set state = ?, message = coalesce(?, message), ended_at = clock_timestamp()
        where operation = ? and step = ? and direction = ? and state = 'ENTERED'""",
        done ? "DONE" : "FAILED",
        message,
        operation.id(),
        step,
        direction(operation));
    publish(
        writes,
        operation,
        new OperationEvent.StepEnded(
            operation.id(),
            operation.kind(),
            step,
            direction(operation).equals("DO") ? "do" : "undo",
            done ? "done" : "failed",
            age,
            message,
            operation.ancestry(),
            operation.subjectName()));
  }

  private static String direction(StoredOperation operation) {
    return operation.progress().phase() == Phase.UNWINDING ? "UNDO" : "DO";
  }

  private static void noteStep(
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
        direction(operation));
  }

  private void publish(Connection connection, StoredOperation operation, Event event)
      throws SQLException {
    Pipeline writes = new Pipeline();
    publish(writes, operation, event);
    writes.run(connection);
  }

  private void publish(Pipeline writes, StoredOperation operation, Event event) {
    publish(writes, operation.subject(), operation.organization(), event);
  }

  private void publish(Pipeline writes, String subject, String organization, Event event) {
    outbox.append(writes, settings.eventTopic(), subject, organization, event);
  }

  private void publishEnd(Connection connection, StoredOperation operation) throws SQLException {
    publishEnd(connection, operation, null);
  }

  private void publishEnd(
      Connection connection, StoredOperation operation, @Nullable String supersededBy)
      throws SQLException {
    Outcome outcome = operation.progress().outcome();
    if (outcome == null) {
      throw new IllegalStateException("An operation that has ended has an outcome");
    }
    publish(
        connection,
        operation,
        new OperationEvent.Ended(
            operation.id(),
            operation.kind(),
            operation.subject(),
            operation.ancestry(),
            outcome,
            operation.progress().cause(),
            operation.subjectName(),
            supersededBy));
  }

  // ---- Leases and time

  /// An act that should come to something.
  ///
  /// @param cancelled whether somebody waits for it to be undone; otherwise it is overdue
  record Unwanted(String operation, String step, boolean cancelled) {}

  /// Renews the leases of operations that this replica runs, and tells which of them are asked to
  /// cancel or overdue.
  List<Unwanted> renew(Collection<String> operations) throws SQLException {
    return transactions.inNew(
        connection -> {
          List<Unwanted> unwanted = new ArrayList<>();
          try (PreparedStatement update =
              connection.prepareStatement(
                  """
                  update operation set leased_until = clock_timestamp() + ? * interval '1 millisecond'
                  where id = any (?) and leased_by = ? and leased_until is not null
                  returning id, step, cancel_requested and not past_pivot and phase = 'RUNNING',
                            platform_now() >= step_deadline""")) {
            update.setLong(1, settings.lease().toMillis());
            update.setArray(2, connection.createArrayOf("text", operations.toArray()));
            update.setString(3, settings.replica());
            try (ResultSet rows = update.executeQuery()) {
              while (rows.next()) {
                if (rows.getBoolean(3) || rows.getBoolean(4)) {
                  unwanted.add(
                      new Unwanted(rows.getString(1), rows.getString(2), rows.getBoolean(3)));
                }
              }
            }
          }
          return unwanted;
        });
  }

  /// Frees what an earlier life of this replica's slot had leased.
  void freeOwnLeases() throws SQLException {
    transactions.inNew(
        connection ->
            execute(
                connection,
                "update operation set leased_until = null where leased_by = ? and phase <> 'ENDED'",
                settings.replica()));
  }

  /// Frees the lease of a runner that gives up, unless it has been overtaken.
  void freeLease(StoredOperation claimed) throws SQLException {
    transactions.inNew(
        connection ->
            execute(
                connection,
                "update operation set leased_until = null where id = ? and leased_by = ? and epoch = ?",
                claimed.id(),
                settings.replica(),
                claimed.epoch()));
  }

  /// Lets the platform's clock go on by the time since the last tick, two seconds at the most.
  void tick() throws SQLException {
    transactions.inNew(
        connection ->
            execute(
                connection,
                """
                update platform_clock
                set running_millis = platform_now(), ticked_at = clock_timestamp()
                where ticked_at < clock_timestamp() - interval '200 milliseconds'"""));
  }

  /// Forgets idempotency keys after seven days.
  void forgetOldKeys() throws SQLException {
    transactions.inNew(
        connection ->
            execute(
                connection,
                "delete from idempotency_key where claimed_at < clock_timestamp() - interval '7 days'"));
  }

  private static long platformNow(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("select platform_now()");
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  // ---- Reading

  List<LedgerRow> openLedger(String subject) throws SQLException {
    return transactions.inNew(connection -> ledger.open(connection, subject));
  }

  Receipt receipt(Connection connection, StoredOperation operation) throws SQLException {
    List<LedgerRow> own = ledger.ofOperation(connection, operation.id());
    List<LedgerRow> others =
        shapeOf(operation).supersedes()
            ? ledger.history(connection, operation.subject()).stream()
                .filter(row -> !own.contains(row))
                .toList()
            : List.of();
    return new Receipt(
        view(connection, operation), own, others, children(connection, operation.id()));
  }

  private static List<String> children(Connection connection, String operation)
      throws SQLException {
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

  Optional<StoredOperation> find(Connection connection, String id) throws SQLException {
    List<StoredOperation> found = query(connection, "where o.id = ?", id);
    return found.isEmpty() ? Optional.empty() : Optional.of(found.getFirst());
  }

  /// Whether an operation has ended or is stuck.
  boolean rests(String id) throws SQLException {
    return transactions.joining(
        connection -> {
          String phase = queryText(connection, "select phase from operation where id = ?", id);
          return phase != null && Phase.valueOf(phase).rests();
        });
  }

  OperationView view(Connection connection, StoredOperation operation) throws SQLException {
    PlanShape plan = shapeOf(operation);
    return OperationViews.of(
        connection,
        operation,
        plan,
        usual.of(connection, operation.kind(), plan.signature()),
        platformNow(connection));
  }

  List<StoredOperation> query(Connection connection, String where, Object... arguments)
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

  private StoredOperation get(Connection connection, String id) throws SQLException {
    return find(connection, id)
        .orElseThrow(() -> new IllegalStateException("There is no operation " + id));
  }

  private PlanShape shapeOf(StoredOperation operation) {
    return catalog
        .find(operation.kind())
        .map(entry -> entry.plan().shape())
        // A newer or older version began it; it is stuck, which needs no plan.
        .orElseGet(() -> new PlanShape(Duration.ZERO, false, false, List.of()));
  }

  /// A subject whose row is locked, made when it was not there.
  ///
  /// @param now the platform's running time in milliseconds
  private record Subject(@Nullable String active, long now) {}

  private static Subject lockSubject(Connection connection, String subject, String organization)
      throws SQLException {
    Object locked =
        new Pipeline()
            .add(
                "insert into subject (id, organization) values (?, ?) on conflict do nothing",
                subject,
                organization)
            .add(
                "select active_operation, platform_now() from subject where id = ? for update",
                subject)
            .read(connection, row -> new Subject(row.getString(1), row.getLong(2)))
            .getFirst();
    return (Subject) Objects.requireNonNull(locked, "A subject that was just made is there");
  }

  /// Holds the subject's row while the work is done. Whoever begins something on a subject that
  /// nobody has heard of waits for the row that is made here, and then makes its own.
  <T> Optional<T> whileIdle(Connection connection, String subject, Transactions.Work<T> work)
      throws SQLException {
    boolean unheardOf =
        execute(
                connection,
                "insert into subject (id, organization) values (?, '') on conflict do nothing",
                subject)
            == 1;
    queryText(connection, "select id from subject where id = ? for update", subject);
    String unfinished =
        queryText(
            connection,
            "select id from operation where subject = ? and phase <> 'ENDED' limit 1",
            subject);
    if (unfinished != null) {
      return Optional.empty();
    }
    T done = work.on(connection);
    if (unheardOf) {
      execute(connection, "delete from subject where id = ?", subject);
    }
    return Optional.of(done);
  }

  /// A subject's row, locked.
  ///
  /// @param now the platform's running time in milliseconds
  private record Locked(long epoch, long now) {}

  private static final String LOCK =
      "select epoch, platform_now() from subject where id = ? for update";

  private static final String FIND =
      "select " + StoredOperation.COLUMNS + " from operation o where o.id = ?";

  private static final String AGE =
      """
      select (extract(epoch from (clock_timestamp() - entered_at)) * 1000)::bigint
      from operation_step where operation = ? and step = ? and direction = ?""";

  private static Locked locked(ResultSet row) throws SQLException {
    return new Locked(row.getLong(1), row.getLong(2));
  }

  private static Locked lock(Connection connection, String subject) throws SQLException {
    Object locked =
        new Pipeline().add(LOCK, subject).read(connection, OperationStore::locked).getFirst();
    return (Locked) Objects.requireNonNull(locked, "An operation has a subject");
  }

  /// How long ago the current step of an operation was entered, in milliseconds.
  private static long age(Connection connection, StoredOperation operation) throws SQLException {
    Object age =
        new Pipeline()
            .add(AGE, operation.id(), operation.progress().step(), direction(operation))
            .read(connection, row -> row.getLong(1))
            .getFirst();
    return age instanceof Long millis ? millis : 0;
  }

  private static @Nullable String queryText(Connection connection, String sql, String argument)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, argument);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? row.getString(1) : null;
      }
    }
  }

  private static int execute(Connection connection, String sql, @Nullable Object... arguments)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < arguments.length; i++) {
        if (arguments[i] == null) {
          statement.setNull(i + 1, Types.VARCHAR);
        } else {
          statement.setObject(i + 1, arguments[i]);
        }
      }
      return statement.executeUpdate();
    }
  }
}
