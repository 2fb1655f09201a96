package dev.slipway.common.operation;

import dev.slipway.common.outbox.Event;
import dev.slipway.common.sql.Pipeline;
import java.util.List;

/// What follows from a signal.
///
/// @param written   the operation as it is then
/// @param events    what is told of it
/// @param writes    what else is written of it, in this order
/// @param change    what the step writes in the same transaction, after them
/// @param plans     whether the step that is entered is about to make something, which is asked for
///     after that
/// @param handsOver whether the operation ends, so that its subject is the next one's
record Consequence(
    StoredOperation written,
    List<Event> events,
    Pipeline writes,
    Runnable change,
    boolean plans,
    boolean handsOver) {

  /// Whether nothing of the transaction depends on what has been written in it.
  boolean standsAlone() {
    return change == StepOutcome.NO_CHANGE && !plans;
  }
}
