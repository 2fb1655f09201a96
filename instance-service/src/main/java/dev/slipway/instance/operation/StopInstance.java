package dev.slipway.instance.operation;

import static java.time.Duration.ofSeconds;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.instance.domain.Observations;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.InstanceSpecification;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;

/// Ends the server of an instance because the platform stops. Its data, its address and its ledger
/// rows stay; when the platform starts again, a repair brings it back.
@Singleton
@OperationKind(StopInstance.KIND)
public final class StopInstance implements Operation<StopInstance.Input, StopInstance.State> {

  public static final String KIND = "instance.stop";

  /// What its owner reads meanwhile.
  public static final String REASON = "the platform was stopped";

  public record Input(String name, String host, int port) {}

  /// Nothing has to be remembered between the steps.
  public record State() {}

  private final InstanceDriver driver;
  private final Observations observations;

  @Inject
  public StopInstance(InstanceDriver driver, Observations observations) {
    this.driver = driver;
    this.observations = observations;
  }

  /// All instances are stopped at once, so the step is a light one: the machine is let go, not
  /// loaded.
  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofSeconds(60), input -> new State())
        .step("stop", this::stop)
        .undoNothing("What was stopped comes back with the platform")
        .build();
  }

  private StepOutcome<State> stop(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    Input input = context.input();
    driver.stop(
        context.fence(),
        new InstanceSpecification(
            context.subject(), context.organization(), new Endpoint(input.host(), input.port())));
    return StepOutcome.done(context.state())
        .also(() -> observations.down(context.subject(), REASON));
  }
}
