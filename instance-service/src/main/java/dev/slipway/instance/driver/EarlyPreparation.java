package dev.slipway.instance.driver;

import dev.slipway.common.operation.DriverFailure;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.jboss.logging.Logger;

/// Does ahead of the first request what it would otherwise wait for.
@Singleton
class EarlyPreparation {

  private static final Logger LOG = Logger.getLogger(EarlyPreparation.class);

  void prepare(@Observes StartupEvent event, InstanceDriver driver) {
    Thread.ofVirtual().name("driver-preparation").start(() -> prepare(driver));
  }

  private static void prepare(InstanceDriver driver) {
    try {
      driver.prepare();
    } catch (DriverFailure failure) {
      // The first provisioning meets the same and says so to whoever asked for it.
      LOG.warnf(failure.getCause(), "Not prepared yet: %s", failure.getMessage());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
