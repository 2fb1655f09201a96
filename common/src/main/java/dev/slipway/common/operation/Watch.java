package dev.slipway.common.operation;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// Wakes those who wait for one operation when this replica has changed it. Changes by other
/// replicas, and by other operations, are noticed by looking now and then: one of those who wait
/// looks for all of them.
final class Watch {

  static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  /// How an operation stands.
  record Standing(long version, boolean rests) {}

  /// Looks how operations stand.
  interface Look {
    Map<String, Standing> at(Collection<String> operations) throws SQLException;
  }

  private final Map<String, Set<Waiting>> waiting = new ConcurrentHashMap<>();
  private final Look look;
  private final ReentrantLock looking = new ReentrantLock();
  private long looked = System.nanoTime();

  Watch(Look look) {
    this.look = look;
  }

  /// Begins to wait for an operation; what changes from here on is not missed.
  ///
  /// @param rest whether only its end matters, or that it is stuck
  Waiting on(String operation, boolean rest) {
    Waiting one = new Waiting(operation, rest);
    waiting.compute(
        operation,
        (id, others) -> {
          Set<Waiting> all = others == null ? ConcurrentHashMap.newKeySet() : others;
          all.add(one);
          return all;
        });
    return one;
  }

  /// @param rests whether it has ended or is stuck now
  void changed(String operation, boolean rests) {
    for (Waiting one : waiting.getOrDefault(operation, Set.of())) {
      if (rests || !one.rest) {
        one.wake.release();
      }
    }
  }

  /// It may have changed in any way: whoever waits looks again.
  void disturbed(String operation) {
    waiting.getOrDefault(operation, Set.of()).forEach(one -> one.wake.release());
  }

  /// Looks for all who wait, unless somebody else does, or has just done so.
  private void look() throws SQLException {
    if (!looking.tryLock()) {
      return;
    }
    try {
      if (System.nanoTime() - looked < LOOK_AGAIN.toNanos() / 2) {
        return;
      }
      looked = System.nanoTime();
      look.at(List.copyOf(waiting.keySet()))
          .forEach(
              (operation, standing) ->
                  waiting
                      .getOrDefault(operation, Set.of())
                      .forEach(
                          one -> {
                            if (one.rest ? standing.rests() : standing.version() != one.seen) {
                              one.wake.release();
                            }
                          }));
    } finally {
      looking.unlock();
    }
  }

  /// Somebody who waits.
  final class Waiting implements AutoCloseable {

    private final String operation;
    private final boolean rest;
    private final Semaphore wake = new Semaphore(0);
    private volatile long seen;

    private Waiting(String operation, boolean rest) {
      this.operation = operation;
      this.rest = rest;
    }

    /// Waits for a change since the last time, until the time is over.
    ///
    /// @param version the one that was seen last; for whom only the end matters, any
    /// @param until   in `System.nanoTime()`
    /// @return whether there was a change
    boolean await(long version, long until) throws SQLException, InterruptedException {
      seen = version;
      while (true) {
        long left = until - System.nanoTime();
        long nanos = Math.min(LOOK_AGAIN.toNanos(), left);
        if (wake.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
          wake.drainPermits();
          return true;
        }
        if (left <= LOOK_AGAIN.toNanos()) {
          return false;
        }
        look();
      }
    }

    @Override
    public void close() {
      waiting.computeIfPresent(
          operation,
          (id, others) -> {
            others.remove(this);
            return others.isEmpty() ? null : others;
          });
    }
  }
}
