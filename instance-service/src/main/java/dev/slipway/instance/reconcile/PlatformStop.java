package dev.slipway.instance.reconcile;

import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Begun;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Phase;
import dev.slipway.common.operation.Transactions;
import dev.slipway.instance.domain.Wish;
import dev.slipway.instance.operation.StopInstance;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Stops every instance the platform runs, cleanly and all at once.
///
/// The wish is set first, so that no repair begins any more; a repair under way makes way for the
/// stop. What a person asked for is waited for.
@ApplicationScoped
class PlatformStop {

  private static final Logger LOG = LoggerFactory.getLogger(PlatformStop.class);

  /// @param unfinished what still ran when the time was over, and what could not be stopped
  record Summary(int instances, int stopped, List<Unfinished> unfinished) {}

  record Unfinished(String instance, String name, String reason) {}

  /// @param host null while it has none
  private record Target(
      String id,
      String organization,
      String name,
      @Nullable String host,
      int port,
      boolean there) {}

  private final PlatformWish wishes;
  private final Transactions transactions;
  private final OperationEngine engine;
  private final Duration within;

  @Inject
  PlatformStop(
      PlatformWish wishes,
      Transactions transactions,
      OperationEngine engine,
      @ConfigProperty(name = "slipway.stop.within", defaultValue = "25s") Duration within) {
    this.wishes = wishes;
    this.transactions = transactions;
    this.engine = engine;
    this.within = within;
  }

  Summary stop() throws SQLException, InterruptedException {
    long until = System.nanoTime() + within.toNanos();
    wishes.set(Wish.STOPPED);
    List<Target> targets = targets("");
    List<Unfinished> unfinished = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Optional<Unfinished>>> stops = new ArrayList<>();
      for (Target target : targets) {
        stops.add(threads.submit(() -> stop(target, until)));
      }
      for (int i = 0; i < targets.size(); i++) {
        try {
          stops.get(i).get().ifPresent(unfinished::add);
        } catch (ExecutionException failure) {
          Target target = targets.get(i);
          LOG.warn("{} could not be stopped", target.id(), failure.getCause());
          unfinished.add(
              new Unfinished(target.id(), target.name(), "the control database did not answer"));
        }
      }
    }
    LOG.info("Stopped {} of {} instances", targets.size() - unfinished.size(), targets.size());
    return new Summary(targets.size(), targets.size() - unfinished.size(), unfinished);
  }

  private Optional<Unfinished> stop(Target first, long until)
      throws SQLException, InterruptedException {
    String id = first.id();
    while (true) {
      Optional<Begun> begun = begin(id);
      if (begun.isEmpty()) {
        // It is not there, or not any more.
        return Optional.empty();
      }
      String operation =
          switch (begun.get()) {
            case Begun.New(String started) -> started;
            case Begun.Same(String started) -> started;
            case Begun.Busy(OperationView active) -> active.id();
            case Begun.KeyReused() -> throw new IllegalStateException("No key was given");
          };
      Duration left = Duration.ofNanos(Math.max(0, until - System.nanoTime()));
      OperationView end = engine.awaitEnd(operation, left);
      if (end.kind().equals(StopInstance.KIND) && end.succeeded()) {
        return Optional.empty();
      }
      if (end.phase() == Phase.STUCK || System.nanoTime() >= until) {
        return unfinished(first, "operation %s (%s) has not ended".formatted(end.id(), end.kind()));
      }
      if (end.kind().equals(StopInstance.KIND)) {
        return unfinished(
            first, end.cause() == null ? "operation " + end.id() : end.cause().message());
      }
    }
  }

  private static Optional<Unfinished> unfinished(Target target, String reason) {
    return Optional.of(new Unfinished(target.id(), target.name(), reason));
  }

  /// @return empty when there is nothing to stop
  private Optional<Begun> begin(String id) throws SQLException {
    return transactions.inNew(
        connection -> {
          long epoch = ObservationTable.lockedEpoch(connection, id);
          List<Target> found = epoch < 0 ? List.of() : targets(id);
          if (found.isEmpty()) {
            return Optional.empty();
          }
          Target target = found.getFirst();
          String host = target.host();
          if (!target.there() || host == null) {
            return engine.activeOn(id).map(Begun.Busy::new);
          }
          return Optional.of(
              engine.begin(
                  BeginRequest.of(
                      StopInstance.KIND,
                      id,
                      target.name(),
                      target.organization(),
                      Repairs.PLATFORM,
                      new StopInstance.Input(target.name(), host, target.port()),
                      null)));
        });
  }

  /// @param id of one instance, or empty for all
  private List<Target> targets(String id) throws SQLException {
    return transactions.joining(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  """
                  select i.id, i.organization, i.name, i.host, i.port, birth.phase = 'ENDED' as there
                  from instance i join operation birth on birth.id = i.operation
                  where i.kind = 'PROVISIONED' and (birth.outcome = 'SUCCEEDED' or birth.phase <> 'ENDED')
                    and (? = '' or i.id = ?)
                  order by i.id""")) {
            select.setString(1, id);
            select.setString(2, id);
            try (ResultSet rows = select.executeQuery()) {
              List<Target> targets = new ArrayList<>();
              while (rows.next()) {
                targets.add(
                    new Target(
                        rows.getString("id"),
                        rows.getString("organization"),
                        rows.getString("name"),
                        rows.getString("host"),
                        rows.getInt("port"),
                        rows.getBoolean("there")));
              }
              return targets;
            }
          }
        });
  }
}
