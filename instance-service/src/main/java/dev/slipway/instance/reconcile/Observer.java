package dev.slipway.instance.reconcile;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.instance.domain.Wish;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.LinkedServer;
import dev.slipway.instance.driver.Observation;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at instances, stores what it sees, and asks for repairs.
///
/// Each instance is looked at by one virtual thread at a time, within a limit of time of its own,
/// so that one that hangs delays nobody. What cannot be found out is not stored, and nothing
/// follows from it.
final class Observer implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Observer.class);

  /// @param linkedEvery how often somebody else's server is signed in to
  /// @param fresh       how old a stored observation may become before it is confirmed
  /// @param limit       what one look may take
  /// @param atOnce      how many of each kind are looked at at the same time
  record Settings(Duration linkedEvery, Duration fresh, Duration limit, int atOnce) {}

  private final InstanceDriver driver;
  private final LinkedServer linkedServer;
  private final ObservationTable table;
  private final Repairs repairs;
  private final PlatformWish wishes;
  private final Settings settings;
  private final Semaphore slots;

  // Somebody else's servers may all be silent at once, and then delay none of the platform's own.
  private final Semaphore linkedSlots;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final ScheduledExecutorService watchdog =
      Executors.newSingleThreadScheduledExecutor(
          task -> Thread.ofPlatform().name("observer-watchdog").daemon().unstarted(task));
  private final Set<String> underWay = ConcurrentHashMap.newKeySet();
  private final Map<String, Long> linkedSeen = new ConcurrentHashMap<>();
  private final Map<Observation.State, Queue<String>> confirmed =
      new EnumMap<>(
          Map.of(
              Observation.State.UP, new ConcurrentLinkedQueue<>(),
              Observation.State.DOWN, new ConcurrentLinkedQueue<>()));

  Observer(
      InstanceDriver driver,
      LinkedServer linkedServer,
      ObservationTable table,
      Repairs repairs,
      PlatformWish wishes,
      Settings settings) {
    this.driver = driver;
    this.linkedServer = linkedServer;
    this.table = table;
    this.repairs = repairs;
    this.wishes = wishes;
    this.settings = settings;
    this.slots = new Semaphore(settings.atOnce());
    this.linkedSlots = new Semaphore(settings.atOnce());
  }

  /// Begins to look at everything that is due; does not wait for it.
  void round() throws SQLException {
    for (Map.Entry<Observation.State, Queue<String>> same : confirmed.entrySet()) {
      List<String> instances = List.copyOf(same.getValue());
      same.getValue().removeAll(instances);
      table.confirm(instances, same.getKey());
    }
    Wish wish = wishes.now();
    List<Watched> watchlist = table.watchlist(settings.fresh());
    linkedSeen.keySet().retainAll(watchlist.stream().map(Watched::id).toList());
    for (Watched watched : watchlist) {
      if (due(watched) && underWay.add(watched.id())) {
        threads.execute(() -> observe(watched, wish));
      }
    }
  }

  private boolean due(Watched watched) {
    if (!watched.linked()) {
      return true;
    }
    Long last = linkedSeen.get(watched.id());
    return last == null || System.nanoTime() - last >= settings.linkedEvery().toNanos();
  }

  private void observe(Watched watched, Wish wish) {
    Semaphore ofItsKind = watched.linked() ? linkedSlots : slots;
    try {
      ofItsKind.acquire();
      try {
        Observation seen = look(watched);
        if (seen.state() != Observation.State.UNKNOWN) {
          conclude(watched, wish, seen);
        }
      } finally {
        ofItsKind.release();
      }
    } catch (SQLException failure) {
      LOG.warn("{} cannot be stored: {}", watched, failure.getMessage());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException failure) {
      LOG.error("{} cannot be observed", watched, failure);
    } finally {
      underWay.remove(watched.id());
    }
  }

  private void conclude(Watched watched, Wish wish, Observation seen) throws SQLException {
    boolean up = seen.isUp();
    List<PastRepair> past = up || watched.linked() ? List.of() : repairs.past(watched.id());
    String reason = up ? null : RepairRule.reason(seen.reason(), wish, watched.linked(), past);
    if (seen.state() != watched.state() || !Objects.equals(reason, watched.reason())) {
      if (!table.changed(watched, seen.state(), reason)) {
        return;
      }
      LOG.info("instance={} seen={} reason={}", watched.id(), seen.state(), reason);
    } else if (watched.stale()) {
      Objects.requireNonNull(confirmed.get(seen.state()), "It is known").add(watched.id());
    }
    if (RepairRule.calledFor(watched, seen.state(), wish)
        && RepairRule.due(past)
        && repairs.begin(watched, seen)) {
      LOG.info("instance={} repair begun, it was seen down: {}", watched.id(), reason);
    }
  }

  /// Looks, at most for as long as is allowed.
  private Observation look(Watched watched) {
    var limit = new Limit(Thread.currentThread());
    ScheduledFuture<?> alarm =
        watchdog.schedule(limit::reached, settings.limit().toMillis(), TimeUnit.MILLISECONDS);
    try {
      return watched.linked() ? sign(watched) : driver.observe(watched.specification());
    } catch (InterruptedException tooLong) {
      return Observation.unknown("looking took too long", Instant.now());
    } finally {
      limit.over();
      alarm.cancel(false);
    }
  }

  private Observation sign(Watched watched) throws InterruptedException {
    linkedSeen.put(watched.id(), System.nanoTime());
    String password = watched.sealedPassword();
    if (password == null) {
      return Observation.unknown("its password is not known", Instant.now());
    }
    try {
      linkedServer.check(watched.id(), watched.endpoint(), watched.administrator(), password);
      return Observation.up(Instant.now());
    } catch (DriverFailure.Permanent failure) {
      return Observation.down(
          Objects.requireNonNullElse(failure.getMessage(), failure.code()), Instant.now());
    } catch (DriverFailure failure) {
      return Observation.unknown(
          Objects.requireNonNullElse(failure.getMessage(), failure.code()), Instant.now());
    }
  }

  /// Interrupts a look that takes too long, and nothing that comes after it.
  private static final class Limit {

    private final Thread looking;
    private boolean over;

    Limit(Thread looking) {
      this.looking = looking;
    }

    synchronized void reached() {
      if (!over) {
        looking.interrupt();
      }
    }

    synchronized void over() {
      over = true;
      boolean interrupted = Thread.interrupted();
      LOG.trace("a look was cut off: {}", interrupted);
    }
  }

  /// Lets what is under way come to something first: an interruption in the middle of a statement
  /// costs a connection.
  @Override
  public void close() {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(2, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException stopped) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
    watchdog.shutdownNow();
  }
}
