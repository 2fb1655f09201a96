package dev.slipway.account;

import dev.slipway.account.signin.SigningKeys;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import org.jboss.logging.Logger;

/// Makes the first signing key ahead of the first sign-in, which would otherwise wait for it.
@ApplicationScoped
class Startup {

  private static final Logger LOG = Logger.getLogger(Startup.class);

  void warmUp(@Observes StartupEvent event, SigningKeys keys) {
    Thread.ofVirtual()
        .name("first-signing-key")
        .start(
            () -> {
              try {
                LOG.infof("%d signing keys published", keys.published().size());
              } catch (RuntimeException problem) {
                // The first sign-in tries again.
                LOG.warn("no signing key could be made yet", problem);
              }
            });
  }
}
