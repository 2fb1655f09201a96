package dev.slipway.common.operation;

import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.Ledger;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.operation.Subjects.Held;
import dev.slipway.common.operation.Subjects.Moment;
import dev.slipway.common.outbox.Event;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Outbox;
import dev.slipway.common.sql.Pipeline;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
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

  /// The SQL state that says that what is stored is not what was assumed.
  static final String NOT_AS_SEEN = "SW001";

  private static final int KEYS_AT_ONCE = 1000;

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
  private final Consequences consequences;

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
    this.consequences = new Consequences(catalog, rows, outbox, ledger, contexts);
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
            apply(connection, running, moment, new Signal.RetryRequested());
          }
          recordKey(connection, request, active);
          return Beginning.none(new Begun.Same(active));
        }
        supersede(connection, running, id);
      } else if (request.ancestry().contains(active)) {
        resumes = active;
      } else if (catalog.shapeOf(OperationRows.get(connection, active).kind()).yields()
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
    outbox.appendToKnown(
        writes,
        settings.eventTopic(),
        request.subject(),
        request.organization(),
        List.of(
            new OperationEvent.Begun(
                id,
                request.kind(),
                request.subject(),
                request.requestedBy(),
                request.ancestry(),
                request.subjectName())));
    if (!queue) {
      OperationRows.enter(writes, id, first);
    }
    StoredOperation begun = OperationRows.one(writes, connection);
    if (!queue) {
      consequences.plan(begun).run(connection);
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
    StoredOperation ended = OperationRows.get(connection, command.operation());
    var writes = new Pipeline();
    publish(
        writes,
        ended,
        List.of(
            new OperationEvent.Begun(
                ended.id(),
                ended.kind(),
                ended.subject(),
                ended.requestedBy(),
                ended.ancestry(),
                ended.subjectName()),
            Consequences.ended(ended, null)));
    writes.run(connection);
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
      apply(connection, next, moment, new Signal.Superseded(by));
      if (next.resumes() == null) {
        break;
      }
      next = OperationRows.get(connection, next.resumes());
    }
    for (StoredOperation queued : OperationRows.queuedOn(connection, active.subject())) {
      apply(connection, queued, new Moment(now, 0), new Signal.Superseded(by));
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

  /// Forgets some of the idempotency keys that are older than seven days.
  ///
  /// @return whether there may be more of them
  boolean forgetOldKeys() throws SQLException {
    return transactions.inNew(
        connection ->
            Statements.execute(
                    connection,
                    """
                    delete from idempotency_key where ctid = any (array(
                      select ctid from idempotency_key
                      where claimed_at < clock_timestamp() - interval '7 days' limit ?))""",
                    KEYS_AT_ONCE)
                == KEYS_AT_ONCE);
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
    if (entered != null) {
      Optional<StoredOperation> committed = commitAsSeen(claimed, signal, entered);
      if (committed.isPresent()) {
        return committed.get();
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

  /// Commits what follows from what the runner has seen last, without reading it again.
  ///
  /// @return empty when that is not known to be what is stored: somebody told the operation
  ///     something meanwhile, or has overtaken it, or others wait for its end; nothing was written
  private Optional<StoredOperation> commitAsSeen(StoredOperation seen, Signal signal, long entered)
      throws SQLException {
    long nanos = System.nanoTime();
    OptionalLong now = clock.at(nanos);
    if (now.isEmpty()) {
      return Optional.empty();
    }
    var moment = new Moment(now.getAsLong(), (nanos - entered) / 1_000_000);
    Optional<Consequence> follows = consequences.of(seen, moment, signal);
    if (follows.isEmpty()) {
      return Optional.empty();
    }
    Consequence consequence = follows.get();
    var writes = new Pipeline();
    if (consequence.events().isEmpty()) {
      Subjects.lockAsSeen(writes, seen);
    } else {
      outbox.appendAsSeen(
          writes,
          seen.epoch(),
          settings.eventTopic(),
          seen.subject(),
          seen.organization(),
          consequence.events());
    }
    writes.add(consequence.writes());
    try {
      if (consequence.standsAlone()) {
        if (consequence.handsOver()) {
          Subjects.giveBack(writes, consequence.written());
        }
        transactions.atOnce(writes);
        if (consequence.handsOver() && seen.resumes() != null) {
          due.run();
        }
      } else {
        transactions.inNew(
            connection -> {
              writes.run(connection);
              finish(connection, consequence);
              return true;
            });
      }
    } catch (SQLException failure) {
      if (NOT_AS_SEEN.equals(failure.getSQLState())) {
        return Optional.empty();
      }
      throw failure;
    }
    return Optional.of(consequence.written());
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
    return apply(connection, held.operation(), held.moment(), signal);
  }

  /// Applies the rules and writes what follows. The subject's lock is held, and the operation was
  /// read under it.
  ///
  /// @return the operation as it is then; empty when the signal has no effect
  private Optional<StoredOperation> apply(
      Connection connection, StoredOperation operation, Moment moment, Signal signal)
      throws SQLException {
    Optional<Consequence> consequence = consequences.of(operation, moment, signal);
    if (consequence.isEmpty()) {
      return Optional.empty();
    }
    write(connection, consequence.get());
    return Optional.of(consequence.get().written());
  }

  private void write(Connection connection, Consequence consequence) throws SQLException {
    var writes = new Pipeline();
    publish(writes, consequence.written(), consequence.events());
    writes.add(consequence.writes());
    writes.run(connection);
    finish(connection, consequence);
  }

  private void finish(Connection connection, Consequence consequence) throws SQLException {
    consequence.change().run();
    if (consequence.plans()) {
      consequences.plan(consequence.written()).run(connection);
    }
    if (consequence.handsOver()) {
      handOver(connection, consequence.written());
    }
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
      write(connection, consequences.refusal(queued, refusal));
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
      write(connection, consequences.turn(queued, first));
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

  private void publishEnd(Connection connection, StoredOperation operation) throws SQLException {
    var writes = new Pipeline();
    publish(writes, operation, List.of(Consequences.ended(operation, null)));
    writes.run(connection);
  }

  private void publish(Pipeline writes, StoredOperation operation, List<Event> events) {
    outbox.appendToKnown(
        writes, settings.eventTopic(), operation.subject(), operation.organization(), events);
  }

  // ---- Reading

  List<LedgerRow> openLedger(String subject) throws SQLException {
    return transactions.reading(connection -> ledger.open(connection, subject));
  }

  Receipt receipt(Connection connection, StoredOperation operation) throws SQLException {
    List<LedgerRow> own = ledger.ofOperation(connection, operation.id());
    List<LedgerRow> others =
        catalog.shapeOf(operation.kind()).supersedes()
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

  /// How operations stand.
  Map<String, Watch.Standing> standings(Collection<String> operations) throws SQLException {
    return transactions.reading(connection -> OperationRows.standings(connection, operations));
  }

  /// How an operation has come to rest; empty when it goes on.
  Optional<OperationRows.Rest> rest(String id) throws SQLException {
    return transactions.reading(connection -> OperationRows.rest(connection, id));
  }

  OperationView view(Connection connection, StoredOperation operation) throws SQLException {
    PlanShape plan = catalog.shapeOf(operation.kind());
    return OperationViews.of(
        connection,
        operation,
        plan,
        usual.of(connection, operation.kind(), plan.signature()),
        operation.progress().phase() == Phase.ENDED ? 0 : PlatformClock.now(connection));
  }
}
