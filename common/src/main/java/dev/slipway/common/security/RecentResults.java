package dev.slipway.common.security;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Remembers the results that were used last, a fixed number of them. For what costs milliseconds
/// and comes again with the next request, such as checking a signature.
///
/// It knows nothing of time: whoever asks checks whether the result still holds. Safe to use from
/// any thread.
public final class RecentResults<K, V> {

  private final Map<K, V> results;

  /// @param most how many are remembered
  public RecentResults(int most) {
    this.results =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > most;
          }
        };
  }

  public synchronized @Nullable V get(K key) {
    return results.get(key);
  }

  public synchronized void put(K key, V result) {
    results.put(key, result);
  }
}
