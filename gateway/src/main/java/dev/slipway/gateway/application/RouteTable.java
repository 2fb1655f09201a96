package dev.slipway.gateway.application;

import dev.slipway.common.contract.deploy.Route;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Which host is whose, and who serves it. Of an application's routes the one with the highest
/// revision counts, in whatever order they come.
///
/// Changed and read on one event loop; only [#knows] may be asked from any thread.
public final class RouteTable {

  /// Of so many applications that are gone the last revision is remembered, for those who ask
  /// whether it arrived.
  private static final int REMEMBERED = 1_000;

  private final Map<String, ServedApplication> byIdentifier = new HashMap<>();
  private final Map<String, ServedApplication> byLabel = new ConcurrentHashMap<>();
  private final Map<String, Long> removed =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > REMEMBERED;
        }
      };
  private final List<Runnable> listeners = new ArrayList<>();

  /// Has something done after each change.
  void whenChanged(Runnable listener) {
    listeners.add(listener);
  }

  /// Takes a route.
  ///
  /// @return whether it was news
  public boolean apply(Route route) {
    @Nullable ServedApplication before = byIdentifier.get(route.application());
    long known =
        before == null
            ? removed.getOrDefault(route.application(), Long.MIN_VALUE)
            : before.route().revision();
    if (route.revision() <= known) {
      return false;
    }
    if (before != null) {
      byLabel.remove(before.label(), before);
    }
    if (route.removed()) {
      byIdentifier.remove(route.application());
      removed.put(route.application(), route.revision());
    } else {
      removed.remove(route.application());
      ServedApplication served = ServedApplication.of(route, before);
      byIdentifier.put(route.application(), served);
      byLabel.put(served.label(), served);
    }
    listeners.forEach(Runnable::run);
    return true;
  }

  /// Finds an application by the first label of its host.
  Optional<ServedApplication> find(String label) {
    return Optional.ofNullable(byLabel.get(label));
  }

  /// Whether this is the first label of an application's host; from any thread.
  public boolean knows(String label) {
    return byLabel.containsKey(label);
  }

  /// Every application.
  List<ServedApplication> all() {
    return List.copyOf(byIdentifier.values());
  }

  /// Of the applications that are gone, by their identifiers, the last revision.
  Map<String, Long> removed() {
    return Map.copyOf(removed);
  }
}
