package dev.slipway.deploy.operation;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.ApplicationDatabases;
import dev.slipway.deploy.domain.DatabaseAccess;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/// Applications' databases in memory: each instance has a schema that is a set of words, and a lock
/// that only one has at a time.
public final class FakeSchemas implements ApplicationDatabases {

  private final Map<String, SortedSet<String>> schemas = new ConcurrentHashMap<>();
  private final Map<String, Boolean> locked = new ConcurrentHashMap<>();
  private final Map<String, Long> active = new ConcurrentHashMap<>();
  private final Map<String, Set<String>> holders = new ConcurrentHashMap<>();
  private final Map<String, List<String>> breaking = new ConcurrentHashMap<>();
  private final Map<String, List<String>> refused = new ConcurrentHashMap<>();
  private final Set<String> guarded = ConcurrentHashMap.newKeySet();
  private final Set<String> silent = ConcurrentHashMap.newKeySet();
  private volatile boolean guards = true;
  private final List<String> freed = new ArrayList<>();
  private volatile Function<String, List<String>> shown = this::applied;

  private SortedSet<String> schema(String instance) {
    return schemas.computeIfAbsent(instance, none -> new TreeSet<>());
  }

  synchronized void apply(String instance, String change) {
    schema(instance).add(change);
  }

  synchronized void revert(String instance, String change) {
    schema(instance).remove(change);
  }

  List<String> at(String instance) {
    return shown.apply(instance);
  }

  private synchronized List<String> applied(String instance) {
    return List.copyOf(schema(instance));
  }

  /// Where migrations really run: an instance's schema is what this says, in order.
  public void shownBy(Function<String, List<String>> source) {
    shown = source;
  }

  synchronized List<String> freed() {
    return List.copyOf(freed);
  }

  boolean isLocked(String instance) {
    return locked.containsKey(instance);
  }

  /// The databases of an instance do not answer from now on.
  void silence(String instance) {
    silent.add(instance);
  }

  /// A version has so many workflows that have not ended.
  public void workflows(String version, long count) {
    active.put(version, count);
  }

  /// Workflows of a version are PENDING, begun by this process.
  public void pending(String version, String process) {
    holders.computeIfAbsent(version, none -> ConcurrentHashMap.newKeySet()).add(process);
  }

  @Override
  public Set<String> holders(DatabaseAccess access, String systemDatabase, String version) {
    return Set.copyOf(holders.getOrDefault(version, Set.of()));
  }

  @Override
  public void handOver(
      DatabaseAccess access,
      String systemDatabase,
      String version,
      Collection<String> from,
      String to) {
    Set<String> now = holders.computeIfAbsent(version, none -> ConcurrentHashMap.newKeySet());
    if (now.removeAll(from)) {
      now.add(to);
    }
  }

  /// A version's migrations drop these.
  public void breaks(String version, List<String> things) {
    breaking.put("v" + version, things);
  }

  /// As a deploy that was given up leaves it.
  public void leaveGuarded(String instance) {
    guarded.add(instance);
  }

  /// Whether servers of this kind can refuse.
  public void guards(boolean can) {
    guards = can;
  }

  boolean isGuarded(String instance) {
    return guarded.contains(instance);
  }

  /// Whether a migration is refused on an instance.
  boolean refuses(String instance, String change) {
    if (guarded.contains(instance) && breaking.containsKey(change)) {
      refused.put(instance, breaking.get(change));
      return true;
    }
    return false;
  }

  @Override
  public List<String> activeWorkflowsOfOthers(
      DatabaseAccess access, String systemDatabase, String version, int most) {
    return active.entrySet().stream()
        .filter(entry -> entry.getValue() > 0 && !entry.getKey().equals(version))
        .map(entry -> "workflow-of-" + entry.getKey())
        .sorted()
        .limit(most)
        .toList();
  }

  @Override
  public Held lock(DatabaseAccess access, String database) throws DriverFailure {
    String instance = access.instance();
    if (silent.contains(instance)) {
      throw new DriverFailure.Transient("unreachable", "The database does not answer");
    }
    if (locked.putIfAbsent(instance, true) != null) {
      throw new DriverFailure.Transient("locked", "Somebody else changes the schema");
    }
    return new Held() {
      @Override
      public Catalogue catalogue() {
        List<String> entries = at(instance);
        return new Catalogue(String.join(",", entries), entries, entries.isEmpty());
      }

      @Override
      public List<String> clearStaleLocks() {
        synchronized (FakeSchemas.this) {
          freed.add(instance);
          return List.of("The lock of a migration tool was freed");
        }
      }

      @Override
      public boolean guard() {
        refused.remove(instance);
        if (guards) {
          guarded.add(instance);
        }
        return guards;
      }

      @Override
      public List<String> refused() {
        return refused.getOrDefault(instance, List.of());
      }

      @Override
      public void unguard() {
        guarded.remove(instance);
      }

      @Override
      public void close() {
        locked.remove(instance);
      }
    };
  }

  @Override
  public long activeWorkflows(DatabaseAccess access, String systemDatabase, String version) {
    return active.getOrDefault(version, 0L);
  }
}
