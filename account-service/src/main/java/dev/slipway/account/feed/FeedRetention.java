package dev.slipway.account.feed;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.SQLException;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Removes events that are older than they are promised to be kept. Every replica does; what one
/// has removed the others do not find.
@ApplicationScoped
public class FeedRetention {

  private static final Logger LOG = Logger.getLogger(FeedRetention.class);

  private final Feed feed;
  private final Duration kept;
  private final Duration every;
  private @Nullable Thread rounds;

  FeedRetention(
      Feed feed,
      @ConfigProperty(name = "slipway.events.kept", defaultValue = "30d") Duration kept,
      @ConfigProperty(name = "slipway.events.retention.every", defaultValue = "1h")
          Duration every) {
    this.feed = feed;
    this.kept = kept;
    this.every = every;
  }

  void start(@Observes StartupEvent event) {
    rounds = Thread.ofVirtual().name("event-feed-retention").start(this::goRound);
  }

  void stop(@Observes ShutdownEvent event) {
    Thread running = rounds;
    if (running != null) {
      running.interrupt();
    }
  }

  private void goRound() {
    try {
      while (true) {
        // First after a while: a start has other things to do.
        Thread.sleep(every);
        try {
          round();
        } catch (SQLException failure) {
          LOG.warnf("old events stay for now: %s", failure.getMessage());
        }
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /// Removes what is old enough now.
  public void round() throws SQLException {
    int gone = feed.forget(kept);
    if (gone > 0) {
      LOG.infof("%d events were older than %d days", gone, kept.toDays());
    }
  }
}
