package dev.slipway.cli.chaos;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.UnaryOperator;

/// What has to be there, as far as the platform's own answers tell.
///
/// Each organization's part is written by its own thread, and everything read when all have ended.
final class Expectations {

  /// Whether something has to be there.
  enum Presence {
    THERE,
    /// The record of a provision that was undone may be there, and nothing else.
    FAILED,
    GONE,
    /// Nobody was told how it ended; there is a finding about that already.
    UNKNOWN
  }

  /// A Postgres instance.
  ///
  /// @param passwords any of which may be the one that works; one, unless a reset did not end
  /// @param retired   those that must work no more
  /// @param rows      committed ones
  /// @param perhaps   rows whose commit was not answered
  record Instance(
      String organization,
      String name,
      Presence presence,
      boolean linked,
      String administrator,
      Set<String> passwords,
      Set<String> retired,
      Set<String> rows,
      Set<String> perhaps) {

    Instance {
      passwords = Set.copyOf(passwords);
      retired = Set.copyOf(retired);
      rows = Set.copyOf(rows);
      perhaps = Set.copyOf(perhaps);
    }

    Instance is(Presence next) {
      return new Instance(
          organization, name, next, linked, administrator, passwords, retired, rows, perhaps);
    }

    /// After a reset that has succeeded.
    Instance has(String password) {
      Set<String> old = new HashSet<>(retired);
      old.addAll(passwords);
      return new Instance(
          organization,
          name,
          presence,
          linked,
          administrator,
          Set.of(password),
          old,
          rows,
          perhaps);
    }

    /// After a reset of which nobody knows how it ended.
    Instance mayHave(String password) {
      Set<String> more = new HashSet<>(passwords);
      more.add(password);
      return new Instance(
          organization, name, presence, linked, administrator, more, retired, rows, perhaps);
    }

    Instance holds(String row) {
      Set<String> more = new HashSet<>(rows);
      more.add(row);
      return new Instance(
          organization, name, presence, linked, administrator, passwords, retired, more, perhaps);
    }

    Instance mayHold(String row) {
      Set<String> more = new HashSet<>(perhaps);
      more.add(row);
      return new Instance(
          organization, name, presence, linked, administrator, passwords, retired, rows, more);
    }
  }

  /// An application.
  ///
  /// @param instance  that it uses
  /// @param serving   the version that has to serve; empty for none
  /// @param certain   whether that is known: not while a deploy's end is not
  /// @param steps     how many migrations each version has
  /// @param runs      how often each version's migrations may have been begun
  /// @param unfinished the highest number of migrations of a deploy that did not succeed
  record Application(
      String organization,
      String name,
      Presence presence,
      String instance,
      String serving,
      boolean certain,
      Map<String, Integer> steps,
      Map<String, Integer> runs,
      int unfinished) {

    Application {
      steps = Map.copyOf(steps);
      runs = Map.copyOf(runs);
    }

    Application is(Presence next) {
      return new Application(
          organization, name, next, instance, serving, certain, steps, runs, unfinished);
    }

    Application serves(String version) {
      return new Application(
          organization, name, presence, instance, version, true, steps, runs, unfinished);
    }

    Application on(String other) {
      return new Application(
          organization, name, presence, other, serving, certain, steps, runs, unfinished);
    }

    Application uncertain() {
      return new Application(
          organization, name, presence, instance, serving, false, steps, runs, unfinished);
    }

    /// @param step of a deploy that did not succeed; negative when all of those are undone
    Application unfinished(int step) {
      return new Application(
          organization,
          name,
          presence,
          instance,
          serving,
          certain,
          steps,
          runs,
          step < 0 ? 0 : Math.max(unfinished, step));
    }

    /// The migrations of every version so far may be applied.
    Application mayBeAhead() {
      return unfinished(steps.values().stream().mapToInt(it -> it).max().orElse(0));
    }

    /// Its migrations may be begun once more.
    Application brings(String version, int step) {
      Map<String, Integer> moreSteps = new TreeMap<>(steps);
      moreSteps.put(version, step);
      Map<String, Integer> moreRuns = new TreeMap<>(runs);
      moreRuns.merge(version, 1, Integer::sum);
      return new Application(
          organization,
          name,
          presence,
          instance,
          serving,
          certain,
          moreSteps,
          moreRuns,
          unfinished);
    }
  }

  private final Map<String, Instance> instances = new ConcurrentSkipListMap<>();
  private final Map<String, Application> applications = new ConcurrentSkipListMap<>();

  /// Databases that may stay although no application has them any more: by instance.
  private final Map<String, Set<String>> left = new ConcurrentSkipListMap<>();

  void put(Instance instance) {
    instances.put(instance.organization() + '/' + instance.name(), instance);
  }

  void put(Application application) {
    applications.put(application.organization() + '/' + application.name(), application);
  }

  void instance(String organization, String name, UnaryOperator<Instance> change) {
    instances.computeIfPresent(organization + '/' + name, (key, old) -> change.apply(old));
  }

  void application(String organization, String name, UnaryOperator<Application> change) {
    applications.computeIfPresent(organization + '/' + name, (key, old) -> change.apply(old));
  }

  java.util.Optional<Instance> findInstance(String organization, String name) {
    return java.util.Optional.ofNullable(instances.get(organization + '/' + name));
  }

  java.util.Optional<Application> findApplication(String organization, String name) {
    return java.util.Optional.ofNullable(applications.get(organization + '/' + name));
  }

  /// The databases of an application may stay on an instance.
  void mayStay(String organization, String instance, String database) {
    left.computeIfAbsent(
            organization + '/' + instance,
            key -> java.util.concurrent.ConcurrentHashMap.newKeySet())
        .add(database);
  }

  /// The instance is gone; one that has its name later has nothing of it.
  void nothingStays(String organization, String instance) {
    left.remove(organization + '/' + instance);
  }

  Set<String> mayStay(String organization, String instance) {
    return Set.copyOf(left.getOrDefault(organization + '/' + instance, Set.of()));
  }

  List<Instance> instances() {
    return new ArrayList<>(instances.values());
  }

  List<Application> applications() {
    return new ArrayList<>(applications.values());
  }
}
