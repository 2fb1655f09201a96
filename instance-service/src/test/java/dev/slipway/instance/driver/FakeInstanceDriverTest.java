package dev.slipway.instance.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The fake keeps the contract, and its crash points behave like a suspended process.
final class FakeInstanceDriverTest extends InstanceDriverContract {

  private final FakeInstanceDriver driver = new FakeInstanceDriver();

  @Override
  protected InstanceDriver driver() {
    return driver;
  }

  @Override
  protected InstanceDriver restarted() {
    return new FakeInstanceDriver(driver.reality(), InstantSource.system());
  }

  @Override
  protected boolean signsIn(InstanceSpecification specification, String role, String password) {
    return driver.reality().signsIn(specification.instance(), role, password);
  }

  @Test
  void actThatWasOvertakenWhileItStoodStillDoesNothing() {
    String instance = Identifiers.next("ins");
    var specification =
        new InstanceSpecification(instance, "org_one", new Endpoint("localhost", 1001));
    driver.crashAt(
        (act, fence, moment) -> {
          if (act.equals("create") && moment == FakeInstanceDriver.Moment.BEFORE) {
            driver.destroy(new Fence(instance, 2), instance, List.of());
          }
        });

    assertThatExceptionOfType(DriverFailure.Fenced.class)
        .isThrownBy(() -> driver.create(new Fence(instance, 1), specification));

    assertThat(driver.reality().instances()).isEmpty();
  }

  @Test
  void secondActUnderTheSameEpochIsBusy() {
    String instance = Identifiers.next("ins");
    var specification =
        new InstanceSpecification(instance, "org_one", new Endpoint("localhost", 1001));
    driver.crashAt(
        (act, fence, moment) -> {
          if (act.equals("create") && moment == FakeInstanceDriver.Moment.BEFORE) {
            driver.stop(fence, specification);
          }
        });

    assertThatExceptionOfType(DriverFailure.Transient.class)
        .isThrownBy(() -> driver.create(new Fence(instance, 1), specification))
        .extracting(DriverFailure::code)
        .isEqualTo("busy");
  }
}
