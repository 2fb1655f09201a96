package dev.slipway.common.operation;

import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Outbox;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs the operations of one replica of one service.
///
/// What a replica begins it takes at once when it has room, under the lease that the commit which
/// begins it gives. One thread claims what else is due; each operation runs on a virtual thread of
/// its own, step after step, outside any transaction, until it waits, ends or is overtaken. A
/// replica that commits a wake-up wakes itself; a poll ten times a second is the net for everything
/// else.
public final class OperationEngine implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(OperationEngine.class);
  private static final Duration POLL = Duration.ofMillis(100);

  /// How many of a class are claimed in one look, so that what begins meanwhile finds slots free.
  private static final int MOST_AT_ONCE = 8;

  /// What a step has to look what it finds when it runs past its deadline.
  private static final Duration LOOKING = Duration.ofSeconds(5);

  /// How often the keeper forgets old keys, in its own seconds.
  private static final int HOUR = 3600;

  private final OperationStore store;
  private final Transactions transactions;
  private final OperationCatalog catalog;
  private final KernelSettings settings;
  private final Interruptions interruptions;
  private final ExecutorService runners = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<Admission, Semaphore> slots = new EnumMap<>(Admission.class);
  private final Map<String, Runner> running = new ConcurrentHashMap<>();
  private final Semaphore wake = new Semaphore(0);
  private final Watch watch;
  private volatile Runnable committed = () -> {};
  private volatile boolean closing;

  /// Whether what an earlier life of this replica had leased is free again; before that, it takes
  /// nothing.
  private volatile boolean freed;

  /// The classes of which the last look may have left something due, for want of slots. What
  /// begins meanwhile waits its turn.
  private final Set<Admission> crowded = ConcurrentHashMap.newKeySet();

  private @Nullable Thread claimer;
  private @Nullable Thread keeper;

  /// Where a test may cut a runner off. A cut-off runner writes nothing more, as if its process had
  /// been killed.
  public interface Interruptions {

    /// The points of a step at which a process can die.
    enum Point {
      BEFORE_ACT,
      AFTER_ACT,
      AFTER_COMMIT
    }

    void at(Point point, String operation, String step, boolean undo)
        throws DriverFailure, InterruptedException;

    Interruptions NONE = (point, operation, step, undo) -> {};
  }

  public OperationEngine(
      Transactions transactions,
      OperationCatalog catalog,
      KernelSettings settings,
      Outbox outbox,
      Interruptions interruptions) {
    this.transactions = transactions;
    this.catalog = catalog;
    this.settings = settings;
    this.store = new OperationStore(transactions, catalog, settings, outbox, wake::release);
    this.watch = new Watch(store::standings);
    this.interruptions = interruptions;
    for (Admission admission : Admission.values()) {
      slots.put(admission, new Semaphore(settings.limit(admission)));
    }
  }

  // ---- What callers ask

  /// Begins an operation in the caller's transaction, or in one of its own. It starts when that has
  /// committed.
  public Begun begin(BeginRequest request) throws SQLException {
    return transactions.joining(connection -> begin(connection, request));
  }

  private Begun begin(Connection connection, BeginRequest request) throws SQLException {
    Admission admission = catalog.get(request.kind()).plan().shape().first().admission();
    boolean room =
        freed
            && !closing
            && !crowded.contains(admission)
            && slotsOf(admission).availablePermits() > 0;
    OperationStore.Beginning beginning = store.begin(connection, request, room);
    StoredOperation taken = beginning.taken();
    transactions.afterCommit(
        () -> {
          if (taken == null) {
            wake();
          } else {
            take(taken);
          }
        });
    return beginning.begun();
  }

  /// Runs what has begun under a lease of this replica, unless others have filled its slots.
  private void take(StoredOperation taken) {
    committed.run();
    boolean room = slotsOf(taken.admission()).tryAcquire();
    try {
      if (room) {
        runners.execute(() -> run(taken, System.nanoTime()));
      } else {
        runners.execute(() -> leave(taken));
      }
    } catch (RejectedExecutionException closed) {
      LOG.debug("{}: begun while this replica was stopped", taken.id(), closed);
      if (room) {
        slotsOf(taken.admission()).release();
      }
      Thread.ofVirtual().start(() -> leave(taken));
    }
  }

  /// Leaves an operation to whoever has room.
  private void leave(StoredOperation taken) {
    try {
      store.leases().free(taken);
      wake.release();
    } catch (SQLException failure) {
      LOG.warn("{}: waits for its lease to run out: {}", taken.id(), failure.getMessage());
    }
  }

  /// Does something to a subject on which no operation works, and none can begin to meanwhile. A
  /// subject that this database never heard of is unknown to it afterwards, too.
  ///
  /// @return empty when an operation works on it; then nothing was done
  public <T> Optional<T> whileIdle(String subject, Transactions.Work<T> work) throws SQLException {
    return transactions.inNew(connection -> Subjects.whileIdle(connection, subject, work));
  }

  /// Obeys a command of another service. Doing so again has no further effect than that the answer
  /// is sent again.
  public void obey(Connection connection, OperationCommand command) throws SQLException {
    Optional<StoredOperation> known = OperationRows.find(connection, command.operation());
    switch (command) {
      case OperationCommand.Begin begin -> {
        if (known.isEmpty()) {
          beginAsked(connection, catalog.get(begin.kind()), begin);
          return;
        }
        store.republishEnd(connection, known.get());
      }
      case OperationCommand.Cancel cancel -> {
        if (known.isEmpty()) {
          // A begin that comes late finds it cancelled.
          store.cancelUnseen(connection, cancel);
        } else if (known.get().progress().phase() == Phase.ENDED) {
          store.republishEnd(connection, known.get());
        } else {
          store.signal(connection, cancel.operation(), new Signal.CancelRequested());
        }
      }
    }
    transactions.afterCommit(this::wake);
  }

  private <I extends Record, S extends Record> void beginAsked(
      Connection connection, OperationCatalog.Entry<I, S> entry, OperationCommand.Begin command)
      throws SQLException {
    I input = Json.readStored(command.input(), entry.input());
    var request =
        new BeginRequest(
            command.operation(),
            command.kind(),
            command.subject(),
            command.subject(),
            command.organization(),
            command.requestedBy(),
            command.ancestry(),
            input,
            null);
    Optional<Cause> refusal = entry.operation().refusal(command.subject(), input);
    if (refusal.isPresent()) {
      store.refuse(connection, request, refusal.get());
      transactions.afterCommit(this::wake);
    } else {
      Begun begun = begin(connection, request);
      LOG.debug("{}: {}", command.operation(), begun);
    }
  }

  /// Tells the operation that waits for this child how it ended.
  public void hear(Connection connection, OperationEvent.Ended ended) throws SQLException {
    if (store.hear(connection, new ChildEnd(ended.operation(), ended.outcome(), ended.cause()))) {
      transactions.afterCommit(this::wake);
    }
  }

  /// Asks to cancel, in the caller's transaction or in one of its own, as [#retry] and [#abandon];
  /// before the point of no return everything is undone.
  ///
  /// @return false when it has ended, is being undone already, or is past its point of no return
  public boolean cancel(String operation) throws SQLException {
    return tell(operation, new Signal.CancelRequested());
  }

  /// Tries a stuck operation again, in the caller's transaction.
  public void retry(Connection connection, String operation) throws SQLException {
    store.signal(connection, operation, new Signal.RetryRequested());
    transactions.afterCommit(this::wake);
  }

  /// Tries a stuck operation again.
  ///
  /// @return false when it is not stuck
  public boolean retry(String operation) throws SQLException {
    return tell(operation, new Signal.RetryRequested());
  }

  /// Gives up an operation that is stuck after its point of no return.
  ///
  /// @return false when it is not
  public boolean abandon(String operation) throws SQLException {
    return tell(operation, new Signal.AbandonRequested());
  }

  private boolean tell(String operation, Signal signal) throws SQLException {
    boolean heard = store.signal(operation, signal);
    transactions.afterCommit(
        () -> {
          watch.disturbed(operation);
          wake();
        });
    return heard;
  }

  /// How an operation stands.
  public Optional<OperationView> view(String operation) throws SQLException {
    return transactions.reading(
        connection -> {
          Optional<StoredOperation> found = OperationRows.find(connection, operation);
          return found.isEmpty()
              ? Optional.empty()
              : Optional.of(store.view(connection, found.get()));
        });
  }

  /// The operations of an organization, newest first.
  public List<OperationView> list(OperationQuery query) throws SQLException {
    return transactions.reading(
        connection -> {
          OperationQuery.Condition condition = query.condition();
          List<OperationView> views = new ArrayList<>();
          for (StoredOperation operation :
              OperationRows.query(connection, condition.sql(), condition.arguments().toArray())) {
            views.add(store.view(connection, operation));
          }
          return views;
        });
  }

  /// The operation that has the subject now.
  public Optional<OperationView> activeOn(String subject) throws SQLException {
    return first("join subject s on s.active_operation = o.id where s.id = ? limit 1", subject);
  }

  /// The newest operation of a kind on a subject.
  public Optional<OperationView> latest(String subject, String kind) throws SQLException {
    return first(
        "where o.subject = ? and o.kind = ? order by o.created_at desc, o.id desc limit 1",
        subject,
        kind);
  }

  private Optional<OperationView> first(String where, Object... arguments) throws SQLException {
    return transactions.reading(
        connection -> {
          List<StoredOperation> found = OperationRows.query(connection, where, arguments);
          return found.isEmpty()
              ? Optional.empty()
              : Optional.of(store.view(connection, found.getFirst()));
        });
  }

  /// What of a subject exists, or may exist, outside the database; newest first.
  public List<LedgerRow> openLedger(String subject) throws SQLException {
    return store.openLedger(subject);
  }

  /// What an operation has made, and how the absence of each thing was verified.
  public Optional<Receipt> receipt(String operation) throws SQLException {
    return transactions.reading(
        connection -> {
          Optional<StoredOperation> found = OperationRows.find(connection, operation);
          return found.isEmpty()
              ? Optional.empty()
              : Optional.of(store.receipt(connection, found.get()));
        });
  }

  /// Waits until an operation has ended or is stuck, or the time is over.
  ///
  /// @return how it stands then
  public OperationView awaitEnd(String operation, Duration atMost)
      throws SQLException, InterruptedException {
    long until = System.nanoTime() + atMost.toNanos();
    while (true) {
      boolean rested = awaitRest(operation, until).isPresent();
      // One that was stuck may have been told to go on before it was looked at.
      OperationView view = existing(operation);
      if (!rested || view.phase().rests()) {
        return view;
      }
    }
  }

  /// Waits until an operation has ended or is stuck, or the time is over.
  ///
  /// @return how it has ended; empty when it has not
  public Optional<Outcome> awaitOutcome(String operation, Duration atMost)
      throws SQLException, InterruptedException {
    return awaitRest(operation, System.nanoTime() + atMost.toNanos())
        .map(OperationRows.Rest::outcome);
  }

  private Optional<OperationRows.Rest> awaitRest(String operation, long until)
      throws SQLException, InterruptedException {
    try (Watch.Waiting waiting = watch.on(operation, true)) {
      while (true) {
        Optional<OperationRows.Rest> rest = store.rest(operation);
        if (rest.isPresent() || System.nanoTime() >= until) {
          return rest;
        }
        boolean changed = waiting.await(0, until);
        LOG.trace("{}: changed: {}", operation, changed);
      }
    }
  }

  /// Waits until an operation has changed since a version, or the time is over.
  public OperationView awaitChange(String operation, long version, Duration atMost)
      throws SQLException, InterruptedException {
    long until = System.nanoTime() + atMost.toNanos();
    try (Watch.Waiting waiting = watch.on(operation, false)) {
      while (true) {
        OperationView view = existing(operation);
        if (view.version() != version || view.ended() || System.nanoTime() >= until) {
          return view;
        }
        boolean changed = waiting.await(version, until);
        LOG.trace("{}: changed: {}", operation, changed);
      }
    }
  }

  private OperationView existing(String operation) throws SQLException {
    return view(operation)
        .orElseThrow(() -> new IllegalArgumentException("There is no operation " + operation));
  }

  /// What to do after each commit of this replica: the relay is told that there is something to
  /// send.
  public void onCommit(Runnable action) {
    committed = action;
  }

  /// Looks for due operations now instead of at the next poll.
  public void wake() {
    wake.release();
    committed.run();
  }

  // ---- Running

  /// Takes up the work, that of an earlier life of this replica first.
  public void start() {
    claimer = Thread.ofPlatform().name("operation-claimer").daemon().start(this::claimForever);
    keeper = Thread.ofPlatform().name("operation-keeper").daemon().start(this::keepForever);
  }

  private void claimForever() {
    while (!closing) {
      try {
        if (!freed) {
          store.leases().freeOwn();
          freed = true;
        }
        if (claimOnce() == 0) {
          wake.tryAcquire(POLL.toMillis(), TimeUnit.MILLISECONDS);
        }
        wake.drainPermits();
      } catch (SQLException failure) {
        LOG.warn("Cannot claim operations: {}", failure.getMessage());
        pause(Duration.ofMillis(500));
      } catch (RuntimeException failure) {
        LOG.error("Cannot claim operations", failure);
        pause(Duration.ofMillis(500));
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private Semaphore slotsOf(Admission admission) {
    return Objects.requireNonNull(slots.get(admission), "Every class has its slots");
  }

  private int claimOnce() throws SQLException {
    Map<Admission, Integer> free = new EnumMap<>(Admission.class);
    slots.forEach(
        (admission, all) -> {
          int mine = 0;
          while (mine < MOST_AT_ONCE && all.tryAcquire()) {
            mine++;
          }
          if (mine > 0) {
            free.put(admission, mine);
          }
        });
    for (Admission admission : slots.keySet()) {
      if (!free.containsKey(admission)) {
        crowded.add(admission);
      }
    }
    List<StoredOperation> claimed = List.of();
    try {
      if (!free.isEmpty()) {
        claimed = store.leases().claim(free);
      }
    } finally {
      for (StoredOperation operation : claimed) {
        free.merge(operation.admission(), -1, Integer::sum);
      }
      free.forEach(
          (admission, left) -> {
            if (left == 0) {
              crowded.add(admission);
            } else {
              crowded.remove(admission);
            }
          });
      free.forEach((admission, left) -> slotsOf(admission).release(left));
    }
    for (StoredOperation operation : claimed) {
      runners.execute(() -> run(operation, null));
    }
    return claimed.size();
  }

  /// @param begun when its first step was entered, in `System.nanoTime()`; null when it was claimed
  private void run(StoredOperation claimed, @Nullable Long begun) {
    Admission admission = claimed.admission();
    var runner = new Runner(Thread.currentThread());
    running.put(claimed.id(), runner);
    try {
      StoredOperation operation = claimed;
      Long entered = begun;
      while (operation.leasedBy() != null && !closing) {
        operation = advance(operation, runner, entered);
        // What goes on has entered a step, or the way back from one.
        entered = System.nanoTime();
        watch.changed(operation.id(), operation.progress().phase().rests());
        committed.run();
      }
      if (operation.leasedBy() != null) {
        store.leases().free(operation);
      } else if (operation.progress().phase() != Phase.ENDED) {
        // It may go on at once, with a slot of another class.
        wake.release();
      }
    } catch (OperationStore.Lost overtaken) {
      LOG.info("{}: {}", claimed.id(), overtaken.getMessage());
    } catch (SQLException failure) {
      // The lease runs out and the operation is claimed again.
      LOG.warn("{}: the database did not take a commit: {}", claimed.id(), failure.getMessage());
      releaseWhenItAnswers(claimed);
    } catch (RuntimeException failure) {
      LOG.error("{}: the kernel failed", claimed.id(), failure);
    } finally {
      running.remove(claimed.id(), runner);
      slotsOf(admission).release();
      if (crowded.contains(admission)) {
        wake.release();
      }
    }
  }

  /// After a lost connection the operation need not wait for its lease to run out.
  private void releaseWhenItAnswers(StoredOperation claimed) {
    for (int i = 0; i < 100 && !closing; i++) {
      try {
        store.leases().free(claimed);
        return;
      } catch (SQLException stillDown) {
        pause(Duration.ofMillis(200));
      }
    }
  }

  private StoredOperation advance(StoredOperation operation, Runner runner, @Nullable Long entered)
      throws SQLException, OperationStore.Lost {
    Optional<OperationCatalog.Entry<?, ?>> entry = catalog.find(operation.kind());
    String step = operation.progress().step();
    if (entry.isEmpty() || !entry.get().plan().shape().knows(step)) {
      return store.commit(
          operation,
          new Signal.Unrunnable(
              new Cause(
                  Cause.UNKNOWN_STEP,
                  "This version of %s does not know the step %s of %s"
                      .formatted(settings.service(), step, operation.kind()))),
          entered);
    }
    boolean undo = operation.progress().phase() == Phase.UNWINDING;
    Signal signal;
    runner.begin(step);
    try {
      signal = act(entry.get(), operation);
    } finally {
      if (runner.end()) {
        LOG.debug("{}: {} was interrupted", operation.id(), step);
      }
    }
    StoredOperation now;
    try {
      now = store.commit(operation, signal, entered);
    } catch (SQLException | RuntimeException failure) {
      Optional<Cause> refused = OperationStore.refused(failure, step);
      if (refused.isEmpty()) {
        throw failure;
      }
      LOG.warn("{}: {} could not be committed", operation.id(), step, failure);
      now = store.commit(operation, new Signal.Threw(refused.get(), false), null);
    }
    log(operation, now);
    wakeWhenDue(signal);
    afterCommit(operation, step, undo);
    return now;
  }

  /// A step that wants to look again sooner than the next poll is looked at when it said.
  private void wakeWhenDue(Signal signal) {
    Duration after =
        switch (signal) {
          case Signal.Stepped(StepOutcome.Again<?> again) -> again.after();
          case Signal.Unwound(UndoOutcome.Again again) -> again.after();
          default -> POLL;
        };
    if (after.compareTo(POLL) < 0) {
      Thread.ofVirtual()
          .start(
              () -> {
                pause(after.plusMillis(1));
                wake.release();
              });
    }
  }

  private void afterCommit(StoredOperation operation, String step, boolean undo) {
    try {
      interruptions.at(Interruptions.Point.AFTER_COMMIT, operation.id(), step, undo);
    } catch (DriverFailure | InterruptedException late) {
      throw new IllegalStateException("There is no failing after the commit", late);
    }
  }

  private <I extends Record, S extends Record> Signal act(
      OperationCatalog.Entry<I, S> entry, StoredOperation operation) {
    Progress progress = operation.progress();
    if (progress.awaiting() != null) {
      return new Signal.ChildSilent();
    }
    Plan.Step<I, S> step = entry.plan().step(progress.step());
    try {
      StepContext<I, S> context = store.contexts().of(entry, operation);
      boolean undoing = progress.phase() == Phase.UNWINDING;
      if (!undoing && progress.cancelRequested() && !progress.pastPivot()) {
        return new Signal.Threw(Cause.CANCELLED, false);
      }
      interruptions.at(
          Interruptions.Point.BEFORE_ACT, operation.id(), step.shape().name(), undoing);
      Plan.Undo<I, S> undo = step.undo();
      Signal signal;
      if (!undoing) {
        signal = new Signal.Stepped(step.act().run(context));
      } else if (undo == null) {
        signal = new Signal.Unwound(UndoOutcome.undone("There was nothing to undo"));
      } else {
        signal = new Signal.Unwound(undo.run(context));
      }
      interruptions.at(Interruptions.Point.AFTER_ACT, operation.id(), step.shape().name(), undoing);
      return signal;
    } catch (DriverFailure failure) {
      LOG.info(
          "{}: {} failed: {}",
          operation.id(),
          progress.step(),
          failure.getMessage(),
          failure.getCause());
      return new Signal.Threw(Cause.of(failure), failure instanceof DriverFailure.Permanent);
    } catch (InterruptedException interrupted) {
      return new Signal.Threw(
          new Cause(Cause.INTERRUPTED, "The step %s was interrupted".formatted(progress.step())),
          false);
    } catch (StepContexts.DatabaseUnavailable failure) {
      return new Signal.Threw(
          new Cause("database-unavailable", "The control database did not answer"), false);
    } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError failure) {
      // An error of the code is the step's failure too: otherwise it would be claimed for ever.
      LOG.error("{}: {} failed", operation.id(), progress.step(), failure);
      return new Signal.Threw(
          new Cause(
              "internal", "The step %s failed for an internal reason".formatted(progress.step())),
          false);
    }
  }

  private static void log(StoredOperation before, StoredOperation now) {
    Progress from = before.progress();
    Progress to = now.progress();
    if (from.phase() != to.phase() || !from.step().equals(to.step())) {
      LOG.info(
          "operation={} kind={} subject={} from={}/{} to={}/{} outcome={} cause={}",
          now.id(),
          now.kind(),
          now.subject(),
          from.phase(),
          from.step(),
          to.phase(),
          to.step(),
          to.outcome(),
          to.cause() == null ? null : to.cause().message());
    }
  }

  // ---- Keeping

  private void keepForever() {
    long seconds = 0;
    boolean more = false;
    while (!closing) {
      pause(Duration.ofSeconds(1));
      try {
        store.clock().tick();
        if (!running.isEmpty()) {
          for (Leases.Unwanted unwanted : store.leases().renew(List.copyOf(running.keySet()))) {
            Runner runner = running.get(unwanted.operation());
            if (runner != null) {
              runner.interrupt(unwanted.step(), unwanted.cancelled() ? Duration.ZERO : LOOKING);
            }
          }
        }
        // A portion each second, as leases have to be renewed meanwhile.
        if (seconds++ % HOUR == 0 || more) {
          more = store.forgetOldKeys();
        }
      } catch (SQLException failure) {
        LOG.debug("Cannot renew leases: {}", failure.getMessage());
      } catch (RuntimeException failure) {
        LOG.error("Cannot renew leases", failure);
      }
    }
  }

  private static void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /// Stops claiming and waits a little for steps to come to something; what does not is claimed
  /// again elsewhere.
  public void stop() {
    closing = true;
    wake.release();
    try {
      // Nothing is claimed any more when the runners are told to finish.
      join(claimer);
      runners.shutdown();
      if (!runners.awaitTermination(5, TimeUnit.SECONDS)) {
        runners.shutdownNow();
      }
      join(keeper);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    stop();
  }

  private static void join(@Nullable Thread thread) throws InterruptedException {
    if (thread != null) {
      thread.interrupt();
      thread.join(Duration.ofSeconds(2));
    }
  }
}
