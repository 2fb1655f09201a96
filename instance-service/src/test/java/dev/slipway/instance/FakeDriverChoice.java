package dev.slipway.instance;

import dev.slipway.instance.driver.FakeInstanceDriver;
import dev.slipway.instance.driver.InstanceDriver;
import jakarta.annotation.Priority;
import jakarta.enterprise.inject.Alternative;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/// The running service under test has its instances in memory.
@Singleton
public class FakeDriverChoice {

  private final FakeInstanceDriver driver = new FakeInstanceDriver();

  @Produces
  @Singleton
  @Alternative
  @Priority(1)
  InstanceDriver chosen() {
    return driver;
  }

  public FakeInstanceDriver driver() {
    return driver;
  }
}
