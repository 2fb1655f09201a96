package dev.slipway.deploy.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The fake keeps the contract, and its crash points behave like a suspended process.
final class FakeApplicationRuntimeTest extends ApplicationRuntimeContract {

  private final FakeApplicationRuntime runtime = new FakeApplicationRuntime();

  @Override
  protected ApplicationRuntime runtime() {
    return runtime;
  }

  @Override
  protected ApplicationRuntime restarted() {
    return new FakeApplicationRuntime(runtime.reality(), InstantSource.system());
  }

  @Override
  protected List<String> healthy() {
    return List.of("node server.js");
  }

  @Test
  void actThatWasOvertakenWhileItStoodStillDoesNothing() {
    VersionReference version = version();
    Path source = Path.of("offered");
    runtime.reality().offer(source, Map.of("package.json", "{}"));
    runtime.crashAt(
        (act, fence, moment) -> {
          if (act.equals("adopt") && moment == FakeApplicationRuntime.Moment.BEFORE) {
            runtime.destroy(new Fence(version.application(), 2), version.application(), List.of());
          }
        });

    assertThatExceptionOfType(DriverFailure.Fenced.class)
        .isThrownBy(() -> runtime.adopt(fence(version, 1), version, source));

    assertThat(runtime.reality().versions()).isEmpty();
  }

  @Test
  void secondActUnderTheSameEpochIsBusy() {
    VersionReference version = version();
    Path source = Path.of("offered");
    runtime.reality().offer(source, Map.of("package.json", "{}"));
    runtime.crashAt(
        (act, fence, moment) -> {
          if (act.equals("adopt") && moment == FakeApplicationRuntime.Moment.BEFORE) {
            runtime.discard(fence, version);
          }
        });

    assertThatExceptionOfType(DriverFailure.Transient.class)
        .isThrownBy(() -> runtime.adopt(fence(version, 1), version, source))
        .extracting(DriverFailure::code)
        .isEqualTo("busy");
  }
}
