package dev.slipway.deploy.reconcile;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// How long to wait before an application is restored again: not at all the first time, then a
/// second, twice as long each time, a minute at the most, until it was seen to run for a minute.
///
/// Kept by the leading replica alone: a new leader begins without a pause.
final class RestorePauses {

  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private record Past(int attempts, Instant last) {}

  private final Map<String, Past> pasts = new ConcurrentHashMap<>();

  boolean due(String application, Instant now) {
    Past past = pasts.get(application);
    return past == null || !now.isBefore(past.last().plus(pause(past.attempts())));
  }

  void begun(String application, Instant now) {
    pasts.merge(application, new Past(1, now), (past, one) -> new Past(past.attempts() + 1, now));
  }

  /// Nothing of it is gone at the moment.
  void runs(String application, Instant now) {
    pasts.computeIfPresent(
        application, (id, past) -> now.isBefore(past.last().plus(LONGEST)) ? past : null);
  }

  void onlyOf(Set<String> applications) {
    pasts.keySet().retainAll(applications);
  }

  private static Duration pause(int attempts) {
    Duration pause = FIRST.multipliedBy(1L << Math.min(attempts - 1, 10));
    return pause.compareTo(LONGEST) > 0 ? LONGEST : pause;
  }
}
