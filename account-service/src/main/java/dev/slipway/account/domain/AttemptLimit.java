package dev.slipway.account.domain;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Counts attempts by key within fixed windows of time. Kept in memory: a restart forgives.
///
/// Safe to use from any thread. It holds a bounded number of keys and forgets the oldest first, so
/// that nobody can fill the memory with names.
public final class AttemptLimit {

  private static final int MOST_KEYS = 10_000;

  private record Window(Instant since, int attempts) {}

  private final int most;
  private final Duration length;
  private final Map<String, Window> windows =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Window> eldest) {
          return size() > MOST_KEYS;
        }
      };

  /// @param most   attempts per key within a window
  /// @param length of a window, which begins with the first attempt
  public AttemptLimit(int most, Duration length) {
    this.most = most;
    this.length = length;
  }

  /// How long the key has to wait, or null when it may try.
  public synchronized @Nullable Duration waitOf(String key, Instant now) {
    Window window = current(key, now);
    return window != null && window.attempts() >= most
        ? Duration.between(now, window.since().plus(length))
        : null;
  }

  public synchronized void count(String key, Instant now) {
    Window window = current(key, now);
    windows.put(
        key,
        window == null ? new Window(now, 1) : new Window(window.since(), window.attempts() + 1));
  }

  /// Counts an attempt of a key that may try.
  ///
  /// @return how long it has to wait instead, or null when it was counted
  public synchronized @Nullable Duration take(String key, Instant now) {
    Duration wait = waitOf(key, now);
    if (wait == null) {
      count(key, now);
    }
    return wait;
  }

  public synchronized void forget(String key) {
    windows.remove(key);
  }

  private @Nullable Window current(String key, Instant now) {
    Window window = windows.get(key);
    if (window != null && !now.isBefore(window.since().plus(length))) {
      windows.remove(key);
      return null;
    }
    return window;
  }
}
