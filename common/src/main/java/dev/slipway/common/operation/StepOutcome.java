package dev.slipway.common.operation;

import dev.slipway.common.ledger.Resource;
import dev.slipway.common.outbox.Event;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// What a step came to.
///
/// @param <S> the operation's state
public sealed interface StepOutcome<S> {

  /// The change of a step that writes nothing of its own.
  Runnable NO_CHANGE = () -> {};

  /// The step is done.
  ///
  /// @param state   the state for the steps that follow
  /// @param gone    things of the subject proven gone, each with its proof; a destroy uses this
  /// @param events  facts to publish in the same commit
  /// @param change  what to write in the same transaction, and nowhere else
  record Done<S>(S state, Map<Resource, String> gone, List<Event> events, Runnable change)
      implements StepOutcome<S> {

    public Done<S> publishing(Event... more) {
      return new Done<>(state, gone, List.of(more), change);
    }

    public Done<S> striking(Map<Resource, String> proofs) {
      return new Done<>(state, Map.copyOf(proofs), events, change);
    }

    public Done<S> also(Runnable transactional) {
      return new Done<>(state, gone, events, transactional);
    }
  }

  /// Not yet; look again after a while.
  ///
  /// @param why  in words, shown as what the operation waits for
  /// @param done how far it has come since the step began, in whatever it counts: bytes, lines.
  /// More     than ever before extends the step's deadline, where its plan says `atMost`
  record Again<S>(Duration after, String why, long done) implements StepOutcome<S> {}

  /// An operation begun elsewhere has to end first; the step is then run again and finds it in its
  /// context.
  record Await<S>(Child child, String why) implements StepOutcome<S> {}

  /// It cannot be done.
  record Failed<S>(Cause cause) implements StepOutcome<S> {}

  static <S> Done<S> done(S state) {
    return new Done<>(state, Map.of(), List.of(), NO_CHANGE);
  }

  static <S> StepOutcome<S> again(Duration after, String why) {
    return new Again<>(after, why, 0);
  }

  /// The same of a step that waits on something long, which shows that it goes on.
  static <S> StepOutcome<S> again(Duration after, String why, long done) {
    return new Again<>(after, why, done);
  }

  static <S> StepOutcome<S> await(Child child, String why) {
    return new Await<>(child, why);
  }

  static <S> StepOutcome<S> failed(String code, String message) {
    return new Failed<>(new Cause(code, message));
  }
}
