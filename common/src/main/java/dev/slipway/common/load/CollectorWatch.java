package dev.slipway.common.load;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Optional;
import org.jboss.logging.Logger;

/// Says so when a service does little but collect garbage: it answers late then, and nothing else
/// would tell why.
@ApplicationScoped
class CollectorWatch {

  private static final Logger LOG = Logger.getLogger(CollectorWatch.class);
  private static final Duration EVERY = Duration.ofMinutes(1);

  /// Of the time, which is alarming.
  private static final double MOST = 0.2;

  private final Thread worker = Thread.ofVirtual().name("collector-watch").unstarted(this::work);

  void begin(@Observes StartupEvent starting) {
    worker.start();
  }

  void end(@Observes ShutdownEvent ending) {
    worker.interrupt();
  }

  private void work() {
    try {
      Duration before = collecting();
      while (!Thread.currentThread().isInterrupted()) {
        long began = System.nanoTime();
        Thread.sleep(EVERY);
        Duration now = collecting();
        alarm(
                now.minus(before),
                Duration.ofNanos(System.nanoTime() - began),
                Runtime.getRuntime().maxMemory())
            .ifPresent(LOG::warn);
        before = now;
      }
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
    }
  }

  /// @param heap bytes that it may have
  static Optional<String> alarm(Duration collecting, Duration elapsed, long heap) {
    double share = (double) collecting.toNanos() / elapsed.toNanos();
    return share <= MOST
        ? Optional.empty()
        : Optional.of(
            "alarm=collecting-garbage share=%.0f%% of the last %d s: the heap of %d MB is too small"
                .formatted(share * 100, elapsed.toSeconds(), heap >> 20));
  }

  private static Duration collecting() {
    return Duration.ofMillis(
        ManagementFactory.getGarbageCollectorMXBeans().stream()
            .mapToLong(GarbageCollectorMXBean::getCollectionTime)
            .filter(millis -> millis > 0)
            .sum());
  }
}
