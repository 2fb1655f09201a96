package dev.slipway.deploy.reconcile;

import dev.slipway.deploy.driver.ApplicationRuntime;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/// Says what keeps applications apart. The service is ready whatever it is: an application that
/// could not be kept apart is refused when it is started.
@Readiness
@ApplicationScoped
class IsolationHealth implements HealthCheck {

  private final ApplicationRuntime runtime;

  @Inject
  IsolationHealth(ApplicationRuntime runtime) {
    this.runtime = runtime;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("applications")
        .withData("isolation", runtime.isolation())
        .up()
        .build();
  }
}
