package dev.slipway.instance.reconcile;

import dev.slipway.common.reconcile.Janitor;
import io.smallrye.health.api.Wellness;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;

/// Says that the janitor does not work. The service does, so this is told and not failed.
@Wellness
@ApplicationScoped
class JanitorHealth implements HealthCheck {

  private final Janitor janitor;

  @Inject
  JanitorHealth(Janitor janitor) {
    this.janitor = janitor;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("janitor")
        .withData("state", janitor.alarm().isEmpty() ? "working" : "off")
        .withData("reason", janitor.alarm().orElse(""))
        .up()
        .build();
  }
}
