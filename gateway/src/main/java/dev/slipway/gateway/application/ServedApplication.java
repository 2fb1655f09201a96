package dev.slipway.gateway.application;

import dev.slipway.common.contract.deploy.Route;
import dev.slipway.gateway.route.ApplicationHosts;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// An application with its executors, as of one revision of its route. Used on one event loop only,
/// but for the label and the route.
final class ServedApplication {

  private final Route route;
  private final List<Backend> backends;

  /// Executors that requests no longer go to, while some are still under way there.
  private final List<Backend> left;

  private int next;

  private ServedApplication(Route route, List<Backend> backends, List<Backend> left) {
    this.route = route;
    this.backends = List.copyOf(backends);
    this.left = List.copyOf(left);
  }

  /// Takes over from an earlier revision the executors that both have, with what they are doing.
  static ServedApplication of(Route route, @Nullable ServedApplication before) {
    var known = new ArrayList<Backend>();
    if (before != null) {
      known.addAll(before.backends);
      known.addAll(before.left);
    }
    var backends = new ArrayList<Backend>();
    for (Route.Target target : new LinkedHashSet<>(route.executors())) {
      backends.add(
          known.stream()
              .filter(backend -> backend.target().equals(target))
              .findFirst()
              .orElseGet(() -> new Backend(target)));
    }
    known.removeAll(backends);
    known.removeIf(backend -> backend.awaited() == 0);
    return new ServedApplication(route, backends, known);
  }

  Route route() {
    return route;
  }

  String label() {
    return ApplicationHosts.label(route.organizationName(), route.name());
  }

  boolean isServed() {
    return !backends.isEmpty();
  }

  /// Whether requests are still under way to executors of earlier revisions, and are worth waiting
  /// for.
  boolean isLeaving() {
    return left.stream().anyMatch(backend -> backend.awaited() > 0);
  }

  /// The executor with the fewest requests, taking turns among equals.
  ///
  /// @param tried those that are not wanted
  /// @return nothing when every other one has just refused a connection
  Optional<Backend> choose(Set<Backend> tried) {
    Backend best = null;
    int start = next++;
    for (int i = 0; i < backends.size(); i++) {
      Backend backend = backends.get(Math.floorMod(start + i, backends.size()));
      if (!tried.contains(backend)
          && !backend.isAside()
          && (best == null || backend.exchanges() < best.exchanges())) {
        best = backend;
      }
    }
    return Optional.ofNullable(best);
  }
}
