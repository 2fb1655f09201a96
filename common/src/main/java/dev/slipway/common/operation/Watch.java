package dev.slipway.common.operation;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Wakes those who wait for an operation to change. Changes by other replicas are noticed by
/// looking again after a while.
final class Watch {

  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private long version;

  long version() {
    lock.lock();
    try {
      return version;
    } finally {
      lock.unlock();
    }
  }

  void changed() {
    lock.lock();
    try {
      version++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits for a change since `seen`, until the time is over or it is time to look again.
  ///
  /// @param until in `System.nanoTime()`
  void await(long seen, long until) throws InterruptedException {
    long nanos = Math.min(LOOK_AGAIN.toNanos(), until - System.nanoTime());
    lock.lock();
    try {
      while (version == seen && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }
}
