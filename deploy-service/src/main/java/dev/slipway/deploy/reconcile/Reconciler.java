package dev.slipway.deploy.reconcile;

import dev.slipway.common.leadership.Leadership;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.reconcile.Janitor;
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

/// Starts with the service: says that executors are meant to run, and as long as this replica leads
/// lets [Observer], [Retention] and [Janitor] do their rounds.
@ApplicationScoped
class Reconciler {

  private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);
  private static final long LOCK = 0x51_19_0DL;

  private final DataSource database;
  private final PlatformWish wishes;
  private final Observer observer;
  private final Retention retention;
  private final Janitor janitor;
  private final Duration observeEvery;
  private final Duration retainEvery;
  private final Duration sweepEvery;
  private final CountDownLatch said = new CountDownLatch(1);
  private @Nullable Leadership leadership;
  private @Nullable Thread retaining;
  private @Nullable Thread tidying;

  @Inject
  Reconciler(
      DataSource database,
      PlatformWish wishes,
      Observer observer,
      Retention retention,
      Janitor janitor,
      @ConfigProperty(name = "slipway.observe.every", defaultValue = "1s") Duration observeEvery,
      @ConfigProperty(name = "slipway.versions.every", defaultValue = "10m") Duration retainEvery,
      @ConfigProperty(name = "slipway.janitor.every", defaultValue = "1m") Duration sweepEvery) {
    this.database = database;
    this.wishes = wishes;
    this.observer = observer;
    this.retention = retention;
    this.observeEvery = observeEvery;
    this.retainEvery = retainEvery;
    this.janitor = janitor;
    this.sweepEvery = sweepEvery;
  }

  void start(@Observes StartupEvent event) {
    var made = new Leadership("reconciler", LOCK, database, this::lead);
    leadership = made;
    made.start();
    retaining = Thread.ofVirtual().name("retention").start(() -> retainForever(made));
    tidying = Thread.ofVirtual().name("janitor").start(() -> tidyForever(made));
  }

  private void lead(Connection connection) throws SQLException, InterruptedException {
    said.await();
    while (connection.isValid(2)) {
      observer.round();
      Thread.sleep(observeEvery);
    }
  }

  private void retainForever(Leadership made) {
    try {
      sayRunning();
      while (true) {
        // First after a while: a start has other things to do.
        Thread.sleep(retainEvery);
        if (made.leading()) {
          retain();
        }
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void tidyForever(Leadership made) {
    try {
      while (true) {
        Thread.sleep(sweepEvery);
        if (made.leading()) {
          tidy();
        }
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
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

  /// Who starts the platform wants its executors to run. Said once in the life of a replica, not by
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

  private void retain() throws InterruptedException {
    try {
      retention.round();
    } catch (SQLException | DriverFailure failure) {
      LOG.warn("What is kept for nothing stays for now: {}", failure.getMessage());
    } catch (RuntimeException failure) {
      LOG.error("What is kept for nothing stays for now", failure);
    }
  }

  void stop(@Observes ShutdownEvent event) {
    if (leadership != null) {
      leadership.close();
    }
    if (retaining != null) {
      retaining.interrupt();
    }
    if (tidying != null) {
      tidying.interrupt();
    }
  }
}
