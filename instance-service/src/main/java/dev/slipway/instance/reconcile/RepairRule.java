package dev.slipway.instance.reconcile;

import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.Outcome;
import dev.slipway.instance.domain.Wish;
import dev.slipway.instance.driver.Observation;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// When to repair, and what to say of repairs that did not help. Pure.
///
/// - Only what is certainly down, is meant to run, and is nobody's at the moment.
/// - After a repair that failed it waits, twice as long each time, a second at first and a minute
///   at the most.
/// - An instance that does not stay up is brought back at once a few times, and then every ten
///   seconds.
final class RepairRule {

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
  private static final Duration RESTLESS = Duration.ofMinutes(1);
  private static final int RESTLESS_REPAIRS = 5;
  private static final Duration RESTLESS_PAUSE = Duration.ofSeconds(10);

  private RepairRule() {}

  /// Whether an observation calls for a repair at all.
  static boolean calledFor(Watched watched, Observation.State seen, Wish wish) {
    return !watched.linked()
        && watched.idle()
        && seen == Observation.State.DOWN
        && wish == Wish.RUNNING;
  }

  /// Whether it is time.
  ///
  /// @param past repairs of this instance, the newest first
  static boolean due(List<PastRepair> past) {
    Duration pause = pause(past);
    // A clock that was set back must not stop repairs.
    return pause.isZero()
        || past.getFirst().ago().isNegative()
        || past.getFirst().ago().compareTo(pause) >= 0;
  }

  /// How long to wait after the newest repair.
  static Duration pause(List<PastRepair> past) {
    if (past.isEmpty()) {
      return Duration.ZERO;
    }
    int failures = 0;
    for (PastRepair repair : past) {
      if (repair.succeeded()) {
        break;
      }
      if (repair.failed()) {
        failures++;
      }
    }
    if (failures > 0) {
      Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(failures - 1, 10));
      return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    }
    long recent =
        past.stream()
            .filter(PastRepair::succeeded)
            .filter(repair -> repair.ago().compareTo(RESTLESS) < 0)
            .count();
    return recent >= RESTLESS_REPAIRS ? RESTLESS_PAUSE : Duration.ZERO;
  }

  /// What its owner reads: what was seen, and what became of the last attempt to repair it.
  static String reason(@Nullable String seen, Wish wish, boolean linked, List<PastRepair> past) {
    String reason = seen == null ? "it does not answer" : seen;
    if (linked) {
      return reason;
    }
    if (wish == Wish.STOPPED) {
      return "the platform was stopped";
    }
    for (PastRepair repair : past) {
      if (repair.succeeded()) {
        break;
      }
      Cause cause = repair.cause();
      if (repair.failed() && cause != null && repair.outcome() != Outcome.CANCELLED) {
        return "%s; repairing it failed: %s (operation %s)"
            .formatted(reason, cause.message(), repair.id());
      }
    }
    return reason;
  }
}
