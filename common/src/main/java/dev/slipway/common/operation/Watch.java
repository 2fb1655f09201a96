package dev.slipway.common.operation;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// Wakes those who wait for one operation when this replica has changed it. Changes by other
/// replicas, and by other operations, are noticed by looking again after a while.
final class Watch {

  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final Map<String, Set<Waiting>> waiting = new ConcurrentHashMap<>();

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
      if (rests) {
        one.rests.set(true);
      }
      if (rests || !one.rest) {
        one.wake.release();
      }
    }
  }

  /// It may have changed in any way: whoever waits looks again.
  void disturbed(String operation) {
    waiting.getOrDefault(operation, Set.of()).forEach(one -> one.wake.release());
  }

  /// Somebody who waits.
  final class Waiting implements AutoCloseable {

    private final String operation;
    private final boolean rest;
    private final Semaphore wake = new Semaphore(0);
    private final AtomicBoolean rests = new AtomicBoolean();

    private Waiting(String operation, boolean rest) {
      this.operation = operation;
      this.rest = rest;
    }

    /// Whether it was seen to end or to be stuck since the last time this was asked. One that was
    /// stuck may have gone on since.
    boolean rested() {
      return rests.getAndSet(false);
    }

    /// Waits for a change since the last time, until the time is over or it is time to look again.
    ///
    /// @param until in `System.nanoTime()`
    void await(long until) throws InterruptedException {
      long nanos = Math.min(LOOK_AGAIN.toNanos(), until - System.nanoTime());
      if (wake.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
        wake.drainPermits();
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
