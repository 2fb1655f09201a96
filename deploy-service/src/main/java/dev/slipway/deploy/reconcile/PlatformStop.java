package dev.slipway.deploy.reconcile;

import dev.slipway.common.operation.Begun;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Phase;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.operation.StopExecutors;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Stops every executor the platform runs, cleanly and all at once.
///
/// The wish is set first, so that nothing is restored any more; what restores or drains at the
/// moment makes way for the stop. What a person asked for is waited for.
@ApplicationScoped
class PlatformStop {

  private static final Logger LOG = LoggerFactory.getLogger(PlatformStop.class);

  /// @param unfinished what still ran when the time was over, and what could not be stopped
  record Summary(int applications, int stopped, List<Unfinished> unfinished) {}

  record Unfinished(String application, String name, String reason) {}

  private final PlatformWish wishes;
  private final Applications applications;
  private final Executors executors;
  private final OperationEngine engine;
  private final Duration within;

  @Inject
  PlatformStop(
      PlatformWish wishes,
      Applications applications,
      Executors executors,
      OperationEngine engine,
      @ConfigProperty(name = "slipway.stop.within", defaultValue = "25s") Duration within) {
    this.wishes = wishes;
    this.applications = applications;
    this.executors = executors;
    this.engine = engine;
    this.within = within;
  }

  Summary stop() throws SQLException, InterruptedException {
    long until = System.nanoTime() + within.toNanos();
    wishes.set(Wish.STOPPED);
    List<Unfinished> unfinished = new ArrayList<>();
    Map<Application, Future<Optional<Unfinished>>> stops = new LinkedHashMap<>();
    try (ExecutorService threads =
        java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
      for (Application application : applications.all()) {
        stops.put(application, threads.submit(() -> stop(application, until)));
      }
      for (Map.Entry<Application, Future<Optional<Unfinished>>> stopping : stops.entrySet()) {
        try {
          stopping.getValue().get().ifPresent(unfinished::add);
        } catch (ExecutionException failure) {
          LOG.warn("{} could not be stopped", stopping.getKey(), failure.getCause());
          unfinished.add(unfinished(stopping.getKey(), "the control database did not answer"));
        }
      }
    }
    LOG.info("Stopped {} of {} applications", stops.size() - unfinished.size(), stops.size());
    return new Summary(stops.size(), stops.size() - unfinished.size(), unfinished);
  }

  private Optional<Unfinished> stop(Application application, long until)
      throws SQLException, InterruptedException {
    while (true) {
      if (executors.of(application.id()).isEmpty() && engine.activeOn(application.id()).isEmpty()) {
        return Optional.empty();
      }
      Begun begun =
          engine.begin(
              Upkeep.request(
                  application, StopExecutors.KIND, new StopExecutors.Input(application.name())));
      String operation =
          switch (begun) {
            case Begun.New(String started) -> started;
            case Begun.Same(String started) -> started;
            case Begun.Busy(OperationView active) -> active.id();
            case Begun.KeyReused() -> throw new IllegalStateException("No key was given");
          };
      Duration left = Duration.ofNanos(Math.max(0, until - System.nanoTime()));
      OperationView end = engine.awaitEnd(operation, left);
      boolean mine = end.kind().equals(StopExecutors.KIND);
      if (mine && end.succeeded()) {
        return Optional.empty();
      }
      if (end.phase() == Phase.STUCK || System.nanoTime() >= until) {
        return Optional.of(
            unfinished(
                application, "operation %s (%s) has not ended".formatted(end.id(), end.kind())));
      }
      if (mine) {
        return Optional.of(
            unfinished(
                application,
                end.cause() == null ? "operation " + end.id() : end.cause().message()));
      }
    }
  }

  private static Unfinished unfinished(Application application, String reason) {
    return new Unfinished(application.id(), application.name(), reason);
  }
}
