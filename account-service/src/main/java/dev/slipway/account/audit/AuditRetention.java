package dev.slipway.account.audit;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.SQLException;
import java.time.Duration;
import org.jboss.logging.Logger;

/// Has the audit log forget what is older than a year, once a day.
@ApplicationScoped
class AuditRetention {

  private static final Logger LOG = Logger.getLogger(AuditRetention.class);
  private static final Duration EVERY = Duration.ofDays(1);

  private final AuditLog log;
  private final Thread worker = Thread.ofVirtual().name("audit-retention").unstarted(this::work);

  AuditRetention(AuditLog log) {
    this.log = log;
  }

  void begin(@Observes StartupEvent starting) {
    worker.start();
  }

  void end(@Observes ShutdownEvent ending) {
    worker.interrupt();
  }

  private void work() {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        retire();
        Thread.sleep(EVERY);
      }
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
    }
  }

  private void retire() {
    try {
      int retired = log.retire();
      if (retired > 0) {
        LOG.infof("%d entries of the audit log were older than a year", retired);
      }
    } catch (SQLException problem) {
      LOG.warnf("the audit log was not shortened: %s", problem.getMessage());
    }
  }
}
