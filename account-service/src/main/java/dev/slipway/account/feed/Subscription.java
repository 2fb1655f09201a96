package dev.slipway.account.feed;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One reader who follows an organization's list, and waits here for what is new. It holds a thread
/// and nothing else: no connection, no events.
public final class Subscription implements AutoCloseable {

  private final String user;
  private final String organization;
  private final Instant until;
  private final Subscriptions all;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private long last;
  private @Nullable String ended;

  Subscription(String user, String organization, Instant until, Subscriptions all) {
    this.user = user;
    this.organization = organization;
    this.until = until;
    this.all = all;
  }

  String user() {
    return user;
  }

  String organization() {
    return organization;
  }

  Instant until() {
    return until;
  }

  /// Waits until there is something after a position, the subscription has ended, or the time is
  /// over.
  public void await(long position, Duration atMost) throws InterruptedException {
    long nanos = atMost.toNanos();
    lock.lock();
    try {
      while (last <= position && ended == null && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Why there is nothing more to be sent; null as long as there is.
  public @Nullable String ended() {
    lock.lock();
    try {
      return ended;
    } finally {
      lock.unlock();
    }
  }

  /// The list is known to reach to this number.
  public long reached() {
    lock.lock();
    try {
      return last;
    } finally {
      lock.unlock();
    }
  }

  /// The list reaches to this number by now.
  void reaches(long number) {
    lock.lock();
    try {
      if (number > last) {
        last = number;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Nothing more may be sent.
  public void end(String why) {
    lock.lock();
    try {
      if (ended == null) {
        ended = why;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    all.remove(this);
  }
}
