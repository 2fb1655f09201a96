package dev.slipway.deploy.reconcile;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.outbox.Json;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.ApplicationDatabases;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.DatabaseAccesses;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.domain.Versions;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.ExecutorObservation;
import dev.slipway.deploy.operation.DrainExecutors;
import dev.slipway.deploy.operation.Recovery;
import dev.slipway.deploy.operation.RestoreExecutors;
import dev.slipway.deploy.operation.Specifications;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at executors, stores what it sees, and has brought back what is gone and ended what has
/// drained.
///
/// Executors that come up are left to the operation that brings them up. What was stored is written
/// again when it changes, and now and then to say that it is still so.
@ApplicationScoped
class Observer {

  private static final Logger LOG = LoggerFactory.getLogger(Observer.class);
  private static final Duration FRESH = Duration.ofSeconds(5);

  private final ApplicationRuntime runtime;
  private final Specifications specifications;
  private final Applications applications;
  private final Versions versions;
  private final Executors executors;
  private final DatabaseAccesses accesses;
  private final ApplicationDatabases databases;
  private final Upkeep upkeep;
  private final Recovery recovery;
  private final Duration drainWithin;
  private final Duration drainEvery;
  private final Duration recoverEvery;
  private final InstantSource clock = InstantSource.system();
  private final RestorePauses pauses = new RestorePauses();
  private final Map<String, Boolean> adminHealth = new ConcurrentHashMap<>();
  private final Map<String, Instant> drainAsked = new ConcurrentHashMap<>();
  private final Map<String, Instant> recovered = new ConcurrentHashMap<>();

  @Inject
  Observer(
      ApplicationRuntime runtime,
      Specifications specifications,
      Applications applications,
      Versions versions,
      Executors executors,
      DatabaseAccesses accesses,
      ApplicationDatabases databases,
      Upkeep upkeep,
      Recovery recovery,
      @ConfigProperty(name = "slipway.drain.within", defaultValue = "24h") Duration drainWithin,
      @ConfigProperty(name = "slipway.drain.every", defaultValue = "5s") Duration drainEvery,
      @ConfigProperty(name = "slipway.recovery.every", defaultValue = "10s")
          Duration recoverEvery) {
    this.runtime = runtime;
    this.specifications = specifications;
    this.applications = applications;
    this.versions = versions;
    this.executors = executors;
    this.accesses = accesses;
    this.databases = databases;
    this.upkeep = upkeep;
    this.recovery = recovery;
    this.drainWithin = drainWithin;
    this.drainEvery = drainEvery;
    this.recoverEvery = recoverEvery;
  }

  /// Looks at everything once.
  void round() throws SQLException, InterruptedException {
    Map<String, List<Executor>> byApplication =
        executors.all().stream()
            .filter(executor -> executor.duty() != Executor.Duty.STARTING)
            .collect(Collectors.groupingBy(Executor::application));
    pauses.onlyOf(byApplication.keySet());
    drainAsked.keySet().retainAll(byApplication.keySet());
    recovered.keySet().retainAll(byApplication.keySet());
    for (Application application : applications.all()) {
      List<Executor> its = byApplication.getOrDefault(application.id(), List.of());
      if (!its.isEmpty()) {
        restore(application, its);
        drain(application, its);
        recover(application);
      }
    }
  }

  private void recover(Application application) throws InterruptedException {
    Instant now = clock.instant();
    Instant before = recovered.get(application.id());
    if (before != null && now.isBefore(before.plus(recoverEvery))) {
      return;
    }
    recovered.put(application.id(), now);
    try {
      recovery.round(application);
    } catch (DriverFailure unreachable) {
      LOG.debug("application={} its workflows cannot be seen", application.id(), unreachable);
    }
  }

  private void restore(Application application, List<Executor> its)
      throws SQLException, InterruptedException {
    boolean gone = false;
    for (Executor executor : its) {
      ExecutorObservation seen =
          runtime.observe(specifications.toObserve(executor, healthOnAdmin(executor)));
      store(executor, seen);
      gone |= seen.state() == ExecutorObservation.State.GONE;
    }
    Instant now = clock.instant();
    if (!gone) {
      pauses.runs(application.id(), now);
    } else if (pauses.due(application.id(), now)
        && upkeep.begin(
            application, RestoreExecutors.KIND, new RestoreExecutors.Input(application.name()))) {
      pauses.begun(application.id(), now);
      LOG.info("application={} executors are gone and are brought back", application.id());
    }
  }

  private void store(Executor executor, ExecutorObservation seen) {
    String reason = seen.healthy() ? null : Objects.requireNonNullElse(seen.reason(), "");
    boolean same =
        executor.up() != null
            && executor.up() == seen.healthy()
            && Objects.equals(executor.reason(), reason);
    Instant observedAt = executor.observedAt();
    if (!same || observedAt == null || observedAt.isBefore(clock.instant().minus(FRESH))) {
      executors.observed(executor.id(), seen.healthy(), reason == null ? "" : reason);
    }
  }

  /// A version's manifest does not change once it has executors.
  private boolean healthOnAdmin(Executor executor) {
    return adminHealth.computeIfAbsent(
        executor.id(),
        id ->
            versions
                .find(executor.application(), executor.version())
                .map(Version::manifest)
                .map(text -> Json.readStored(text, Manifest.class).healthOnAdmin())
                .orElse(false));
  }

  private void drain(Application application, List<Executor> its) throws SQLException {
    Instant now = clock.instant();
    List<Executor> draining =
        its.stream().filter(executor -> executor.duty() == Executor.Duty.DRAINING).toList();
    Instant asked = drainAsked.get(application.id());
    if (draining.isEmpty() || (asked != null && now.isBefore(asked.plus(drainEvery)))) {
      return;
    }
    drainAsked.put(application.id(), now);
    boolean due =
        draining.stream()
            .anyMatch(
                executor ->
                    executor.since().isBefore(now.minus(drainWithin))
                        || drained(application, executor.version()));
    if (due
        && upkeep.begin(
            application,
            DrainExecutors.KIND,
            new DrainExecutors.Input(application.name(), drainWithin.toSeconds()))) {
      LOG.info("application={} executors have drained and are ended", application.id());
    }
  }

  private boolean drained(Application application, String version) {
    return accesses
        .find(application.id(), application.instance())
        .map(
            access -> {
              try {
                return databases.activeWorkflows(access, application.systemDatabase(), version)
                    == 0;
              } catch (DriverFailure unreachable) {
                return false;
              }
            })
        .orElse(true);
  }
}
