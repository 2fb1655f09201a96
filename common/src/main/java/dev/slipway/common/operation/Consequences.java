package dev.slipway.common.operation;

import dev.slipway.common.ledger.Ledger;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.Decision.Move;
import dev.slipway.common.operation.Subjects.Moment;
import dev.slipway.common.outbox.Event;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Outbox;
import dev.slipway.common.sql.Pipeline;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Puts into statements and events what follows from a signal. It asks the database for nothing.
final class Consequences {

  private final OperationCatalog catalog;
  private final OperationRows rows;
  private final Outbox outbox;
  private final Ledger ledger;
  private final StepContexts contexts;

  Consequences(
      OperationCatalog catalog,
      OperationRows rows,
      Outbox outbox,
      Ledger ledger,
      StepContexts contexts) {
    this.catalog = catalog;
    this.rows = rows;
    this.outbox = outbox;
    this.ledger = ledger;
    this.contexts = contexts;
  }

  /// What follows from a signal, by the rules of [Transition].
  ///
  /// @return empty when it has no effect
  Optional<Consequence> of(StoredOperation operation, Moment moment, Signal signal) {
    PlanShape plan = catalog.shapeOf(operation.kind());
    Optional<Decision> decided = Transition.next(plan, operation.progress(), moment.now(), signal);
    if (decided.isEmpty()) {
      return Optional.empty();
    }
    Decision decision = decided.get();
    var writes = new Pipeline();
    List<Event> events = new ArrayList<>();
    StepEnd end = StepEnd.of(operation, decision, signal);
    if (end != null) {
      events.add(stepEnded(operation, end, moment.age()));
    }
    String state = operation.state();
    Runnable change = StepOutcome.NO_CHANGE;
    if (signal instanceof Signal.Stepped(StepOutcome.Done<?> done)) {
      state = Json.write(done.state());
      if (makes(operation, operation.progress().step())) {
        ledger.made(writes, operation.id(), operation.progress().step());
      }
      strike(writes, operation, done.gone());
      if (!takesBack(decision) || outlivesUnwinding(operation)) {
        events.addAll(done.events());
        change = done.change();
      }
    } else if (signal instanceof Signal.Unwound(UndoOutcome.Undone undone)) {
      strike(writes, operation, undone.things());
      ledger.undone(writes, operation.id(), operation.progress().step(), undone.proof());
    } else if (decision.move() == Move.STAY) {
      OperationRows.noteStep(writes, operation, signal, decision.waitingFor());
    }
    StoredOperation written = write(writes, operation, decision, signal, state);
    switch (decision.move()) {
      case ENTER, UNWIND, UNWIND_FURTHER -> OperationRows.passStep(writes, operation, end, written);
      case STAY, END, STICK -> {
        if (end != null) {
          OperationRows.endStep(writes, operation, end);
        }
      }
    }
    boolean handsOver = false;
    switch (decision.move()) {
      case ENTER, UNWIND, UNWIND_FURTHER -> {}
      case END -> {
        Child abandoned = operation.progress().awaiting();
        if (abandoned != null) {
          // Nobody waits for it any more.
          tellToStop(writes, operation, abandoned);
        }
        events.add(ended(written, signal instanceof Signal.Superseded(String by) ? by : null));
        handsOver = !(signal instanceof Signal.Superseded);
      }
      case STICK -> {
        Cause cause = decision.next().cause();
        if (cause != null && !(signal instanceof Signal.ChildEnded)) {
          events.add(
              new OperationEvent.Stuck(
                  written.id(),
                  written.kind(),
                  operation.progress().step(),
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
          ask(writes, written, child);
        } else if (child != null && signal instanceof Signal.CancelRequested) {
          // The child may have the subject of the one that is cancelled, which could not tell it
          // before.
          tellToStop(writes, written, child);
        }
        if (leavesStuck(operation, decision)) {
          OperationRows.enter(writes, written.id(), written.progress());
        }
      }
    }
    boolean enters = decision.move() == Move.ENTER || leavesStuck(operation, decision);
    return Optional.of(
        new Consequence(
            written, events, writes, change, enters && plansSomething(written), handsOver));
  }

  /// The step or undo that was stuck runs again.
  private static boolean leavesStuck(StoredOperation operation, Decision decision) {
    return operation.progress().phase() == Phase.STUCK && decision.move() == Move.STAY;
  }

  private void strike(Pipeline writes, StoredOperation operation, Map<Resource, String> gone) {
    gone.forEach(
        (resource, proof) ->
            ledger.gone(writes, operation.id(), operation.subject(), resource, proof));
  }

  private StoredOperation write(
      Pipeline writes, StoredOperation operation, Decision decision, Signal signal, String state) {
    // The same runner goes on when the next step needs the same kind of slot.
    boolean goesOn =
        switch (decision.move()) {
          case ENTER ->
              catalog.shapeOf(operation.kind()).step(decision.next().step()).admission()
                  == operation.admission();
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
    return write(writes, operation, decision, state, keepLease, byRunner);
  }

  private boolean plansSomething(StoredOperation entering) {
    return entering.progress().phase() == Phase.RUNNING
        && makes(entering, entering.progress().step());
  }

  /// Writes down what the step that was entered is about to make, in the same commit. It is asked
  /// for that once everything else is written, since it may look at the ledger.
  Pipeline plan(StoredOperation entered) {
    var writes = new Pipeline();
    if (plansSomething(entered)) {
      String step = entered.progress().step();
      for (Resource resource : made(catalog.get(entered.kind()), entered, step)) {
        ledger.plan(writes, entered.subject(), entered.id(), step, resource);
      }
    }
    return writes;
  }

  /// A queued operation begins, as its turn has come.
  Consequence turn(StoredOperation queued, Progress first) {
    var writes = new Pipeline();
    Decision decision = Decision.now(first, Move.ENTER);
    StoredOperation begun = write(writes, queued, decision, queued.state(), false, false);
    Subjects.activate(writes, queued.id(), queued.subject(), false);
    OperationRows.enter(writes, begun.id(), begun.progress());
    return new Consequence(
        begun, List.of(), writes, StepOutcome.NO_CHANGE, plansSomething(begun), false);
  }

  /// A queued operation may not begin any more.
  Consequence refusal(StoredOperation queued, Cause cause) {
    var writes = new Pipeline();
    Decision ending = Decision.now(queued.progress().ended(Outcome.REFUSED, cause), Move.END);
    StoredOperation refused = write(writes, queued, ending, queued.state(), false, false);
    return new Consequence(
        refused, List.of(ended(refused, null)), writes, StepOutcome.NO_CHANGE, false, false);
  }

  /// Asks for a child, or, when everything is undone, that it stops.
  private void ask(Pipeline writes, StoredOperation asking, Child child) {
    if (asking.progress().phase() == Phase.UNWINDING) {
      tellToStop(writes, asking, child);
      return;
    }
    OperationRows.addChild(writes, asking, child);
    outbox.append(
        writes,
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

  private void tellToStop(Pipeline writes, StoredOperation asking, Child child) {
    outbox.append(
        writes,
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

  /// Whether a step that is done is taken back at once, as somebody has asked to cancel or the time
  /// is over.
  private static boolean takesBack(Decision decision) {
    Outcome outcome = decision.next().outcome();
    return decision.move() == Move.UNWIND || (outcome != null && outcome != Outcome.SUCCEEDED);
  }

  private boolean outlivesUnwinding(StoredOperation operation) {
    PlanShape plan = catalog.shapeOf(operation.kind());
    return plan.step(operation.progress().step()).kind() == StepShape.Kind.KEPT;
  }

  private boolean makes(StoredOperation operation, String step) {
    return catalog.get(operation.kind()).plan().step(step).makes() != null;
  }

  private <I extends Record, S extends Record> List<Resource> made(
      OperationCatalog.Entry<I, S> entry, StoredOperation operation, String step) {
    var makes = entry.plan().step(step).makes();
    return makes == null ? List.of() : makes.apply(contexts.of(entry, operation));
  }

  private StoredOperation write(
      Pipeline writes,
      StoredOperation operation,
      Decision decision,
      String state,
      boolean keepLease,
      boolean renew) {
    String step = decision.next().step();
    PlanShape plan = catalog.shapeOf(operation.kind());
    Admission admission = plan.knows(step) ? plan.step(step).admission() : operation.admission();
    return rows.write(writes, operation, decision, state, admission, keepLease, renew);
  }

  private static Event stepEnded(StoredOperation operation, StepEnd end, long age) {
    return new OperationEvent.StepEnded(
        operation.id(),
        operation.kind(),
        operation.progress().step(),
        OperationRows.direction(operation.progress()).equals("DO") ? "do" : "undo",
        end.done() ? "done" : "failed",
        age,
        end.message(),
        operation.ancestry(),
        operation.subjectName());
  }

  /// That an operation has ended.
  static Event ended(StoredOperation operation, @Nullable String supersededBy) {
    Outcome outcome = operation.progress().outcome();
    if (outcome == null) {
      throw new IllegalStateException("An operation that has ended has an outcome");
    }
    return new OperationEvent.Ended(
        operation.id(),
        operation.kind(),
        operation.subject(),
        operation.ancestry(),
        outcome,
        operation.progress().cause(),
        operation.subjectName(),
        supersededBy);
  }
}
