package dev.slipway.common.operation;

import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.Ledger;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.Decision.Move;
import dev.slipway.common.operation.Subjects.Held;
import dev.slipway.common.operation.Subjects.Moment;
import dev.slipway.common.outbox.Event;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Outbox;
import dev.slipway.common.sql.Pipeline;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// The kernel's tables. Each public method is one transaction, or part of the caller's where it
/// takes a connection.
///
/// Every write to an operation but to its lease happens under its subject's row lock, and every
/// write of a runner only while the subject's epoch is the one it claimed with. So a runner that
/// was overtaken changes nothing, and says so with `Lost`.
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
  private final Runnable due;
  private final Ledger ledger = new Ledger();
  private final IdempotencyKeys keys = new IdempotencyKeys();
  private final UsualDurations usual = new UsualDurations();
  private final PlatformClock clock;
  private final Leases leases;
  private final Subjects subjects;
  private final OperationRows rows;
  private final StepContexts contexts;

  /// @param due what to do when a commit has made another operation due than the one it is about
  OperationStore(
      Transactions transactions,
      OperationCatalog catalog,
      KernelSettings settings,
      Outbox outbox,
      Runnable due) {
    this.transactions = transactions;
    this.catalog = catalog;
    this.settings = settings;
    this.outbox = outbox;
    this.due = due;
    this.clock = new PlatformClock(transactions);
    this.leases = new Leases(transactions, settings);
    this.subjects = new Subjects(clock);
    this.rows = new OperationRows(settings);
    this.contexts = new StepContexts(transactions, ledger);
  }

  PlatformClock clock() {
    return clock;
  }

  Leases leases() {
    return leases;
  }

  StepContexts contexts() {
    return contexts;
  }

  // ---- Beginning

  /// What came of asking for an operation.
  ///
  /// @param taken the operation when it has begun under a lease of this replica
  record Beginning(Begun begun, @Nullable StoredOperation taken) {

    private static Beginning none(Begun begun) {
      return new Beginning(begun, null);
    }
  }

  /// Begins an operation.
  ///
  /// @param take whether this replica runs it as soon as it is committed; what it does not take is
  ///     claimed by whoever has room
  Beginning begin(Connection connection, BeginRequest request, boolean take) throws SQLException {
    String id = request.id() == null ? Identifiers.next(settings.prefix()) : request.id();
    BeginRequest.Idempotency idempotency = request.idempotency();
    if (idempotency != null) {
      switch (keys.claim(connection, request.organization(), idempotency)) {
        case IdempotencyKeys.Claim.First() -> {}
        case IdempotencyKeys.Claim.Again(String operation) -> {
          return Beginning.none(new Begun.Same(operation));
        }
        case IdempotencyKeys.Claim.Reused() -> {
          return Beginning.none(new Begun.KeyReused());
        }
      }
    }
    OperationCatalog.Entry<?, ?> entry = catalog.get(request.kind());
    Subjects.Subject subject = subjects.lock(connection, request.subject(), request.organization());
    String active = subject.active();
    if (request.id() != null && OperationRows.find(connection, id).isPresent()) {
      recordKey(connection, request, id);
      return Beginning.none(new Begun.Same(id));
    }
    boolean asked = !request.ancestry().isEmpty();
    String resumes = null;
    boolean queue = false;
    if (active != null) {
      if (entry.plan().shape().supersedes()) {
        StoredOperation running = OperationRows.get(connection, active);
        if (running.kind().equals(request.kind())) {
          if (running.progress().phase() == Phase.STUCK) {
            var moment = new Moment(subject.now(), Subjects.age(connection, running));
            apply(connection, running, moment, new Signal.RetryRequested(), Known.LOCKED);
          }
          recordKey(connection, request, active);
          return Beginning.none(new Begun.Same(active));
        }
        supersede(connection, running, id);
      } else if (request.ancestry().contains(active)) {
        resumes = active;
      } else if (shapeOf(OperationRows.get(connection, active)).yields()
          && !entry.plan().shape().yields()) {
        supersede(connection, OperationRows.get(connection, active), id);
      } else if (asked) {
        queue = true;
      } else {
        releaseKey(connection, request);
        return Beginning.none(
            new Begun.Busy(view(connection, OperationRows.get(connection, active))));
      }
    }
    Pipeline writes = new Pipeline();
    Progress first = Progress.begin(entry.plan().shape(), subject.now());
    boolean taken = take && !queue;
    if (!queue) {
      Subjects.activate(writes, id, request.subject(), taken);
    }
    if (taken) {
      leases.taken(request.organization());
    }
    rows.insert(
        writes, entry, request, id, resumes, queue ? Phase.QUEUED : Phase.RUNNING, first, taken);
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
      OperationRows.enter(writes, id, first.step(), "DO");
    }
    StoredOperation begun = OperationRows.one(writes, connection);
    if (!queue) {
      plan(connection, begun);
    }
    return new Beginning(new Begun.New(id), taken ? begun : null);
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
    subjects.lock(connection, command.subject(), command.organization());
    PlanShape shape = catalog.get(command.kind()).plan().shape();
    OperationRows.insertEnded(
        connection, command, shape.first(), shape.signature(), outcome, cause);
    publishEnd(connection, OperationRows.get(connection, command.operation()));
  }

  /// Sends the reply once more to an asker that asks again.
  void republishEnd(Connection connection, StoredOperation operation) throws SQLException {
    subjects.lock(connection, operation.subject(), operation.organization());
    if (operation.progress().phase() == Phase.ENDED) {
      publishEnd(connection, operation);
    }
  }

  private void supersede(Connection connection, StoredOperation active, String by)
      throws SQLException {
    long now = PlatformClock.now(connection);
    StoredOperation next = active;
    while (true) {
      var moment = new Moment(now, Subjects.age(connection, next));
      apply(connection, next, moment, new Signal.Superseded(by), Known.LOCKED);
      if (next.resumes() == null) {
        break;
      }
      next = OperationRows.get(connection, next.resumes());
    }
    for (StoredOperation queued : OperationRows.queuedOn(connection, active.subject())) {
      apply(connection, queued, new Moment(now, 0), new Signal.Superseded(by), Known.LOCKED);
    }
    Subjects.takeAway(connection, active.subject());
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

  /// Forgets idempotency keys after seven days.
  void forgetOldKeys() throws SQLException {
    transactions.inNew(
        connection ->
            Statements.execute(
                connection,
                "delete from idempotency_key where claimed_at < clock_timestamp() - interval '7 days'"));
  }

  // ---- Running

  /// Commits what a runner's signal leads to.
  ///
  /// @param entered when this runner entered the step, in `System.nanoTime()`; null when it did not
  /// @return the operation as it stands now; still leased to the runner when it is to go on with
  ///     the next step at once
  /// @throws Lost when the runner has been overtaken
  StoredOperation commit(StoredOperation claimed, Signal signal, @Nullable Long entered)
      throws SQLException, Lost {
    long nanos = System.nanoTime();
    OptionalLong now = clock.at(nanos);
    if (entered != null && now.isPresent()) {
      var moment = new Moment(now.getAsLong(), (nanos - entered) / 1_000_000);
      try {
        return transactions.inNew(
            connection ->
                apply(connection, claimed, moment, signal, Known.AS_SEEN)
                    .orElseThrow(Outdated::new));
      } catch (Outdated changed) {
        // Somebody told it something meanwhile, or has overtaken it.
      }
    }
    Optional<StoredOperation> committed =
        transactions.inNew(
            connection -> {
              Held held = subjects.hold(connection, claimed.subject(), claimed.id());
              if (held.epoch() != claimed.epoch()) {
                return Optional.empty();
              }
              return Optional.of(apply(connection, held, signal).orElse(held.operation()));
            });
    return committed.orElseThrow(() -> new Lost(claimed));
  }

  /// A runner's knowledge of its operation is not what is stored. Nothing was written.
  private static final class Outdated extends RuntimeException {
    Outdated() {
      super("An operation is no longer what its runner has seen");
    }
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
    Optional<StoredOperation> found = OperationRows.find(connection, operation);
    if (found.isEmpty()) {
      return false;
    }
    Held held = subjects.hold(connection, found.get().subject(), operation);
    return apply(connection, held, signal).isPresent();
  }

  /// Wakes the operation that waits for this child.
  boolean hear(Connection connection, ChildEnd end) throws SQLException {
    String waiting = OperationRows.awaiting(connection, end.id());
    return waiting != null && signal(connection, waiting, new Signal.ChildEnded(end));
  }

  private Optional<StoredOperation> apply(Connection connection, Held held, Signal signal)
      throws SQLException {
    return apply(connection, held.operation(), held.moment(), signal, Known.LOCKED);
  }

  /// How it is known what is stored of an operation.
  private enum Known {
    /// It was read after its subject's row was locked.
    LOCKED,
    /// It is what its runner has seen last; whether that still stands shows as it is written.
    AS_SEEN
  }

  /// Applies the rules and writes what follows. The subject's lock is held, or taken by the first
  /// of what is written.
  ///
  /// @return the operation as it is then; empty when the signal has no effect
  private Optional<StoredOperation> apply(
      Connection connection, StoredOperation operation, Moment moment, Signal signal, Known known)
      throws SQLException {
    long age = moment.age();
    PlanShape plan = shapeOf(operation);
    Optional<Decision> decided = Transition.next(plan, operation.progress(), moment.now(), signal);
    if (decided.isEmpty()) {
      return Optional.empty();
    }
    Decision decision = decided.get();
    String state = operation.state();
    String step = operation.progress().step();
    Pipeline writes = new Pipeline();
    if (known == Known.AS_SEEN) {
      writes.add(Subjects.LOCK, operation.subject());
    }
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
    } else if (signal instanceof Signal.Unwound(UndoOutcome.Undone undone)) {
      for (Map.Entry<Resource, String> gone : undone.things().entrySet()) {
        ledger.gone(writes, operation.id(), operation.subject(), gone.getKey(), gone.getValue());
      }
      ledger.undone(writes, operation.id(), step, undone.proof());
      endStep(writes, operation, true, undone.proof(), age);
    } else if (decision.move() == Move.STAY) {
      OperationRows.noteStep(writes, operation, signal, decision.waitingFor());
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
    write(writes, operation, decision, state, keepLease, byRunner);
    String next = decision.next().step();
    boolean enters = decision.move() == Move.ENTER;
    boolean unwinds = decision.move() == Move.UNWIND || decision.move() == Move.UNWIND_FURTHER;
    if (enters || unwinds) {
      OperationRows.enter(writes, operation.id(), next, unwinds ? "UNDO" : "DO");
    }
    StoredOperation written =
        switch (known) {
          case LOCKED -> OperationRows.one(writes, connection);
          case AS_SEEN -> {
            StoredOperation unchanged = OperationRows.ifUnchanged(writes, connection, operation);
            if (unchanged == null) {
              throw new Outdated();
            }
            yield unchanged;
          }
        };
    if (signal instanceof Signal.Stepped(StepOutcome.Done<?> done)
        && decision.move() != Move.UNWIND) {
      done.change().run();
    }
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
          OperationRows.enter(again, written.id(), next, OperationRows.direction(written));
          again.run(connection);
          plan(connection, written);
        }
      }
    }
    return Optional.of(written);
  }

  /// The subject goes to the operation that waited for this one, or to the next in the queue.
  private void handOver(Connection connection, StoredOperation ended) throws SQLException {
    if (!Subjects.handOver(connection, ended)) {
      return;
    }
    if (ended.resumes() != null) {
      transactions.afterCommit(due);
      return;
    }
    for (StoredOperation queued : OperationRows.queuedOn(connection, ended.subject())) {
      Cause refusal = beginTurn(connection, queued);
      if (refusal == null) {
        transactions.afterCommit(due);
        return;
      }
      Pipeline writes = new Pipeline();
      write(
          writes,
          queued,
          Decision.now(queued.progress().ended(Outcome.REFUSED, refusal), Move.END),
          queued.state(),
          false,
          false);
      publishEnd(connection, OperationRows.one(writes, connection));
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
    Statements.execute(connection, "savepoint turn");
    try {
      Optional<Cause> refusal = refusalOf(entry.get(), queued);
      if (refusal.isPresent()) {
        return refusal.get();
      }
      Progress first = Progress.begin(entry.get().plan().shape(), PlatformClock.now(connection));
      Pipeline writes = new Pipeline();
      write(writes, queued, Decision.now(first, Move.ENTER), queued.state(), false, false);
      Subjects.activate(writes, queued.id(), queued.subject(), false);
      OperationRows.enter(writes, queued.id(), first.step(), "DO");
      plan(connection, OperationRows.one(writes, connection));
      return null;
    } catch (SQLException | RuntimeException failure) {
      Optional<Cause> refused = refused(failure, queued.progress().step());
      if (refused.isEmpty()) {
        throw failure;
      }
      Statements.execute(connection, "rollback to savepoint turn");
      return refused.get();
    }
  }

  private static <I extends Record, S extends Record> Optional<Cause> refusalOf(
      OperationCatalog.Entry<I, S> entry, StoredOperation queued) {
    return entry
        .operation()
        .refusal(queued.subject(), Json.readStored(queued.input(), entry.input()));
  }

  /// Asks for a child, or, when everything is undone, that it stops.
  private void ask(Connection connection, StoredOperation asking, Child child) throws SQLException {
    if (asking.progress().phase() == Phase.UNWINDING) {
      tellToStop(connection, asking, child);
      return;
    }
    OperationRows.addChild(connection, asking, child);
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
    return makes == null ? List.of() : makes.apply(contexts.of(entry, operation));
  }

  private void write(
      Pipeline writes,
      StoredOperation operation,
      Decision decision,
      String state,
      boolean keepLease,
      boolean renew) {
    String step = decision.next().step();
    PlanShape plan = shapeOf(operation);
    Admission admission = plan.knows(step) ? plan.step(step).admission() : operation.admission();
    rows.write(writes, operation, decision, state, admission, keepLease, renew);
  }

  private void endStep(
      Pipeline writes,
      StoredOperation operation,
      boolean done,
      @Nullable String message,
      long age) {
    String step = operation.progress().step();
    OperationRows.endStep(writes, operation, done, message);
    publish(
        writes,
        operation,
        new OperationEvent.StepEnded(
            operation.id(),
            operation.kind(),
            step,
            OperationRows.direction(operation).equals("DO") ? "do" : "undo",
            done ? "done" : "failed",
            age,
            message,
            operation.ancestry(),
            operation.subjectName()));
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
        view(connection, operation),
        own,
        others,
        OperationRows.children(connection, operation.id()));
  }

  /// Whether an operation has ended or is stuck.
  boolean rests(String id) throws SQLException {
    return transactions.joining(
        connection -> {
          Phase phase = OperationRows.phase(connection, id);
          return phase != null && phase.rests();
        });
  }

  OperationView view(Connection connection, StoredOperation operation) throws SQLException {
    PlanShape plan = shapeOf(operation);
    return OperationViews.of(
        connection,
        operation,
        plan,
        usual.of(connection, operation.kind(), plan.signature()),
        operation.progress().phase() == Phase.ENDED ? 0 : PlatformClock.now(connection));
  }

  private PlanShape shapeOf(StoredOperation operation) {
    return catalog
        .find(operation.kind())
        .map(entry -> entry.plan().shape())
        // A newer or older version began it; it is stuck, which needs no plan.
        .orElseGet(() -> new PlanShape(Duration.ZERO, false, false, List.of()));
  }
}
