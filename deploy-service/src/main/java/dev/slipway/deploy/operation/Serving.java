package dev.slipway.deploy.operation;

import dev.slipway.common.contract.deploy.DeployEvent.VersionDrained;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.common.operation.UndoOutcome;
import dev.slipway.common.outbox.Event;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.ApplicationDatabases;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.DatabaseAccesses;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.domain.Routes;
import dev.slipway.deploy.domain.Versions;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.ExecutorObservation;
import dev.slipway.deploy.driver.VersionReference;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Executors, from their ports to their end, and who of them is served requests.
///
/// Ports are chosen before anything is started, so that an undo can name what a lost step may have
/// made; they are allocated by the ledger rows with which `start` is entered, and whoever comes
/// second chooses again.
@Singleton
public final class Serving {

  /// The application ended before it was healthy.
  public static final String START_FAILED = "start-failed";

  /// The application runs, and has not become healthy.
  public static final String UNHEALTHY = "unhealthy";

  /// What an executor has between SIGTERM and SIGKILL.
  static final Duration GRACE = Duration.ofSeconds(10);

  private static final Duration ACKNOWLEDGED = Duration.ofMillis(20);

  /// The step that waits has a minute more, see [DeployVersion#plan].
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(5);

  private final ApplicationRuntime runtime;
  private final Specifications specifications;
  private final Applications applications;
  private final Versions versions;
  private final Executors executors;
  private final Routes routes;
  private final ApplicationDatabases databases;
  private final DatabaseAccesses accesses;
  private final AdminPort admin;
  private final Duration healthyWithin;
  private final int crashes;

  /// @param healthyWithin how long a new executor may take until it is healthy
  /// @param crashes       how often it may end meanwhile
  @Inject
  Serving(
      ApplicationRuntime runtime,
      Specifications specifications,
      Applications applications,
      Versions versions,
      Executors executors,
      Routes routes,
      ApplicationDatabases databases,
      DatabaseAccesses accesses,
      AdminPort admin,
      @ConfigProperty(name = "slipway.applications.healthy-within") Duration healthyWithin,
      @ConfigProperty(name = "slipway.applications.crashes") int crashes) {
    if (!healthyWithin.isPositive() || healthyWithin.compareTo(LONGEST_WAIT) > 0) {
      throw new IllegalArgumentException(
          "slipway.applications.healthy-within must be more than nothing and at most 5 minutes");
    }
    if (crashes < 1) {
      throw new IllegalArgumentException("slipway.applications.crashes must be at least 1");
    }
    this.healthyWithin = healthyWithin;
    this.crashes = crashes;
    this.runtime = runtime;
    this.specifications = specifications;
    this.applications = applications;
    this.versions = versions;
    this.executors = executors;
    this.routes = routes;
    this.databases = databases;
    this.accesses = accesses;
    this.admin = admin;
  }

  StepOutcome<Standing> reserve(
      StepContext<?, Standing> context, Candidate candidate, Standing standing) {
    Set<String> taken =
        context.openOfKind("port").stream()
            .map(row -> row.resource().name())
            .collect(Collectors.toCollection(HashSet::new));
    int wanted = Math.max(1, candidate.application().minimumExecutors());
    List<Standing.Placement> placements = new ArrayList<>();
    for (int i = 0; i < wanted; i++) {
      String executor = Executor.id(candidate.version().id(), context.operation(), i);
      List<Endpoint> free;
      try (Stream<Endpoint> endpoints = runtime.freeEndpoints(executor)) {
        free = endpoints.filter(endpoint -> !taken.contains(endpoint.toString())).limit(2).toList();
      }
      if (free.size() < 2) {
        return StepOutcome.failed(
            "ports-used-up", "Every port that applications may have is in use");
      }
      free.forEach(endpoint -> taken.add(endpoint.toString()));
      placements.add(
          new Standing.Placement(
              executor, free.getFirst().host(), free.getFirst().port(), free.getLast().port()));
    }
    return StepOutcome.done(standing.placed(placements));
  }

  /// What [#start] is about to make.
  List<Resource> footprints(StepContext<?, Standing> context, String version) {
    var reference = new VersionReference(context.subject(), version);
    return context.state().executors().stream()
        .flatMap(placement -> footprint(reference, placement).stream())
        .toList();
  }

  List<Resource> footprint(VersionReference version, Standing.Placement placement) {
    return runtime.footprint(Specifications.outline(version, placement, "", false));
  }

  StepOutcome<Standing> start(Candidate candidate, Standing standing)
      throws DriverFailure, InterruptedException {
    int memory = candidate.application().memoryMib();
    for (Standing.Placement placement : standing.executors()) {
      runtime.start(candidate.fence(), specifications.executor(candidate, placement, memory));
    }
    return StepOutcome.done(standing)
        .also(
            () ->
                standing.executors().stream()
                    .map(placement -> starting(candidate, placement, memory))
                    .forEach(executors::add));
  }

  private static Executor starting(Candidate candidate, Standing.Placement placement, int memory) {
    return new Executor(
        placement.executor(),
        candidate.application().id(),
        candidate.version().id(),
        placement.host(),
        placement.port(),
        placement.adminPort(),
        memory,
        Executor.Duty.STARTING,
        Instant.now(),
        null,
        null,
        null);
  }

  /// The undo of [#start].
  UndoOutcome stop(StepContext<?, Standing> context, String version)
      throws DriverFailure, InterruptedException {
    var reference = new VersionReference(context.subject(), version);
    for (Standing.Placement placement : context.state().executors()) {
      runtime.stop(context.fence(), reference, placement.executor(), GRACE);
      executors.remove(placement.executor());
    }
    return UndoOutcome.undone(
        runtime.proveGone(context.subject(), footprints(context, version)).proofs());
  }

  StepOutcome<Standing> healthy(Candidate candidate, Standing standing)
      throws DriverFailure, InterruptedException {
    int memory = candidate.application().memoryMib();
    for (Standing.Placement placement : standing.executors()) {
      ExecutorObservation seen =
          runtime.observe(specifications.executor(candidate, placement, memory));
      String reason = Optional.ofNullable(seen.reason()).orElse("it does not answer");
      switch (seen.state()) {
        case HEALTHY -> {}
        case GONE -> {
          return StepOutcome.failed(
              START_FAILED, "An executor is gone before it was healthy: " + reason);
        }
        case RESTARTING, SILENT -> {
          return notYet(candidate, placement.executor(), seen, reason);
        }
      }
    }
    return StepOutcome.done(standing);
  }

  /// One that ends time and again, or does nothing for long, will not get healthy. It runs whether
  /// or not the platform does, so the time counts from its start.
  private StepOutcome<Standing> notYet(
      Candidate candidate, String executor, ExecutorObservation seen, String reason) {
    if (seen.restarts() >= crashes) {
      return StepOutcome.failed(
          START_FAILED,
          "The application ended %d times while it came up: %s".formatted(seen.restarts(), reason));
    }
    boolean late =
        executors.of(candidate.application().id()).stream()
            .filter(started -> started.id().equals(executor))
            .anyMatch(started -> started.since().plus(healthyWithin).isBefore(seen.at()));
    return late
        ? StepOutcome.failed(
            UNHEALTHY,
            "The application was not healthy %d s after its start: %s"
                .formatted(healthyWithin.toSeconds(), reason))
        : StepOutcome.again(candidate.pause(), "the application to be healthy: " + reason);
  }

  /// Requests go to the new executors from the commit on that this is part of.
  void serve(Candidate candidate, Standing standing) {
    String application = candidate.application().id();
    String version = candidate.version().id();
    Set<String> mine = ids(standing);
    versions.deployed(application, version);
    executors.assign(application, version, Executor.Duty.SERVING);
    long revision = applications.serve(application, version);
    applications
        .byId(application)
        .ifPresent(
            now ->
                routes.tell(
                    now,
                    revision,
                    executors.of(application).stream()
                        .filter(executor -> mine.contains(executor.id()))
                        .toList()));
  }

  /// Once no gateway sends requests to them any more, the executors that were replaced end, those
  /// that still have workflows when they have none, see [DrainExecutors].
  ///
  /// @param drain false to end them at once: their databases are others than those of now
  StepOutcome<Standing> retire(Candidate candidate, Standing standing, boolean drain)
      throws DriverFailure, InterruptedException {
    Application application = candidate.application();
    if (!routes.acknowledged(application.id(), application.routeRevision())) {
      return StepOutcome.again(ACKNOWLEDGED, "every gateway to use the new executors");
    }
    Set<String> mine = ids(standing);
    List<Executor> old =
        executors.of(application.id()).stream()
            .filter(executor -> !mine.contains(executor.id()))
            .toList();
    List<Executor> ending = new ArrayList<>();
    List<Executor> draining = new ArrayList<>();
    for (Executor executor : old) {
      boolean busy = drain && mayHaveWorkflows(application, executor.version());
      (busy ? draining : ending).add(executor);
    }
    for (Executor executor : draining) {
      admin.deactivate(executor);
    }
    Ended ended = end(candidate.fence(), application, ending);
    return StepOutcome.done(standing)
        .publishing(ended.events().toArray(Event[]::new))
        .striking(ended.proofs())
        .also(
            () -> {
              ending.forEach(executor -> executors.remove(executor.id()));
              draining.stream()
                  .filter(executor -> executor.duty() != Executor.Duty.DRAINING)
                  .forEach(this::drain);
            });
  }

  /// One of a version of which newer executors may serve, so it is not told by its version.
  private void drain(Executor executor) {
    executors.remove(executor.id());
    executors.add(
        new Executor(
            executor.id(),
            executor.application(),
            executor.version(),
            executor.host(),
            executor.port(),
            executor.adminPort(),
            executor.memoryMib(),
            Executor.Duty.DRAINING,
            Instant.now(),
            executor.up(),
            executor.reason(),
            executor.observedAt()));
  }

  /// What cannot be asked may have some.
  boolean mayHaveWorkflows(Application application, String version) {
    Optional<DatabaseAccess> access = accesses.find(application.id(), application.instance());
    if (access.isEmpty()) {
      return false;
    }
    try {
      return databases.activeWorkflows(access.get(), application.systemDatabase(), version) > 0;
    } catch (DriverFailure unreachable) {
      return true;
    }
  }

  /// What has ended, with what is to be struck out and told.
  record Ended(Map<Resource, String> proofs, List<Event> events) {}

  /// Ends executors that nobody is sent to. The caller strikes out and removes them.
  Ended end(Fence fence, Application application, List<Executor> ending)
      throws DriverFailure, InterruptedException {
    List<Resource> ended = new ArrayList<>();
    for (Executor executor : ending) {
      var version = new VersionReference(application.id(), executor.version());
      runtime.stop(fence, version, executor.id(), GRACE);
      ended.addAll(footprint(version, Specifications.placement(executor)));
    }
    Set<String> left =
        executors.of(application.id()).stream()
            .filter(executor -> !ending.contains(executor))
            .map(Executor::version)
            .collect(Collectors.toSet());
    return new Ended(
        runtime.proveGone(application.id(), ended).proofs(),
        ending.stream()
            .map(Executor::version)
            .distinct()
            .filter(version -> !left.contains(version))
            .<Event>map(
                version -> new VersionDrained(application.id(), application.name(), version))
            .toList());
  }

  private static Set<String> ids(Standing standing) {
    return standing.executors().stream()
        .map(Standing.Placement::executor)
        .collect(Collectors.toSet());
  }
}
