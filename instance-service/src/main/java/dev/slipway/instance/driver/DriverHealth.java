package dev.slipway.instance.driver;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.stream.Collectors;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/// Tells on what instances run; `slipway status` shows it. The service is ready also while that
/// does not answer: it says so for each instance.
@Readiness
@ApplicationScoped
class DriverHealth implements HealthCheck {

  private final InstanceDriver driver;

  @Inject
  DriverHealth(InstanceDriver driver) {
    this.driver = driver;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("driver")
        .withData("driver", driver.name())
        .withData(
            "capabilities",
            driver.capabilities().stream()
                .map(DriverCapability::word)
                .sorted()
                .collect(Collectors.joining(" ")))
        .up()
        .build();
  }
}
