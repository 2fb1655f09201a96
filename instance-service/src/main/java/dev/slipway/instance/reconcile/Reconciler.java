package dev.slipway.instance.reconcile;

import dev.slipway.common.leadership.Leadership;
import dev.slipway.common.reconcile.Janitor;
import dev.slipway.instance.domain.Wish;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.LinkedServer;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import javax.sql.DataSource;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Starts with the service: says that instances are meant to run, and as long as this replica leads
/// lets [Observer] and [Janitor] do their rounds.
@ApplicationScoped
class Reconciler {

  private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);
  private static final long LOCK = 0x51_19_0BL;

  private final DataSource database;
  private final PlatformWish wishes;
  private final Janitor janitor;
  private final Observer observer;
  private final Duration observeEvery;
  private final Duration sweepEvery;
  private final CountDownLatch said = new CountDownLatch(1);
  private @Nullable Leadership leadership;
  private @Nullable Thread janitorThread;

  @Inject
  Reconciler(
      DataSource database,
      PlatformWish wishes,
      ObservationTable table,
      Repairs repairs,
      Janitor janitor,
      InstanceDriver driver,
      LinkedServer linkedServer,
      @ConfigProperty(name = "slipway.observe.every", defaultValue = "500ms") Duration observeEvery,
      @ConfigProperty(name = "slipway.observe.linked-every", defaultValue = "30s")
          Duration linkedEvery,
      @ConfigProperty(name = "slipway.observe.fresh", defaultValue = "5s") Duration fresh,
      @ConfigProperty(name = "slipway.observe.limit", defaultValue = "5s") Duration limit,
      @ConfigProperty(name = "slipway.observe.at-once", defaultValue = "8") int atOnce,
      @ConfigProperty(name = "slipway.janitor.every", defaultValue = "1m") Duration sweepEvery) {
    this.database = database;
    this.wishes = wishes;
    this.janitor = janitor;
    this.observeEvery = observeEvery;
    this.sweepEvery = sweepEvery;
    this.observer =
        new Observer(
            driver,
            linkedServer,
            table,
            repairs,
            wishes,
            new Observer.Settings(linkedEvery, fresh, limit, atOnce));
  }

  void start(@Observes StartupEvent event) {
    var made = new Leadership("reconciler", LOCK, database, this::lead);
    leadership = made;
    made.start();
    janitorThread = Thread.ofVirtual().name("janitor").start(() -> tidyForever(made));
  }

  private void lead(Connection connection) throws SQLException, InterruptedException {
    said.await();
    while (connection.isValid(2)) {
      observer.round();
      Thread.sleep(observeEvery);
    }
  }

  private void tidyForever(Leadership made) {
    try {
      sayRunning();
      while (true) {
        if (made.leading()) {
          tidy();
          Thread.sleep(sweepEvery);
        } else {
          Thread.sleep(observeEvery);
        }
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /// Who starts the platform wants its instances to run. Said once in the life of a replica, not by
  /// each new leader, or one that takes over while the platform stops would bring everything back.
  private void sayRunning() throws InterruptedException {
    while (said.getCount() > 0) {
      try {
        wishes.set(Wish.RUNNING);
        said.countDown();
      } catch (SQLException failure) {
        LOG.debug("The wish cannot be stored: {}", failure.getMessage());
        Thread.sleep(observeEvery);
      }
    }
  }

  private void tidy() throws InterruptedException {
    try {
      janitor.round();
    } catch (SQLException failure) {
      LOG.debug("The janitor cannot read the ledger: {}", failure.getMessage());
    } catch (RuntimeException failure) {
      LOG.error("The janitor failed", failure);
    }
  }

  void stop(@Observes ShutdownEvent event) {
    if (leadership != null) {
      leadership.close();
    }
    if (janitorThread != null) {
      janitorThread.interrupt();
    }
    observer.close();
  }
}
