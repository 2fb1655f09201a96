package dev.slipway.common.load;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// Turns at something scarce: one for each organization, and a few in all.
final class Turns {

  private final int most;
  private final int mostWaiting;
  private final Set<String> having = new HashSet<>();
  private final Map<String, Integer> waiting = new HashMap<>();

  /// @param most        turns that are had at once
  /// @param mostWaiting of an organization that may wait for one
  Turns(int most, int mostWaiting) {
    this.most = most;
    this.mostWaiting = mostWaiting;
  }

  /// Waits for a turn.
  ///
  /// @return false when it did not come in time, or enough of the organization wait already
  synchronized boolean take(String organization, Duration patience) throws InterruptedException {
    if (waiting.getOrDefault(organization, 0) == mostWaiting) {
      return false;
    }
    waiting.merge(organization, 1, Integer::sum);
    try {
      long until = System.nanoTime() + patience.toNanos();
      while (having.size() == most || having.contains(organization)) {
        long left = until - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, 1_000_000));
      }
      return having.add(organization);
    } finally {
      waiting.merge(organization, -1, Integer::sum);
      waiting.remove(organization, 0);
    }
  }

  /// What gives back the turn that an organization has; a second time it does nothing.
  Runnable giveBack(String organization) {
    var given = new AtomicBoolean();
    return () -> {
      if (!given.getAndSet(true)) {
        end(organization);
      }
    };
  }

  private synchronized void end(String organization) {
    having.remove(organization);
    notifyAll();
  }
}
