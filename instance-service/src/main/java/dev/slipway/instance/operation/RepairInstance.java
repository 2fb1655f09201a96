package dev.slipway.instance.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.contract.instance.InstanceEvent.InstanceRepaired;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.operation.Admission;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.instance.domain.Observations;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.Observation;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Brings back an instance that was seen down. Only the reconciler asks for it, and it yields to
/// whatever a person asks for.
///
/// It looks again before it acts. What it starts stands in the ledger since the instance was
/// provisioned, so there is nothing to undo.
@Singleton
@OperationKind(RepairInstance.KIND)
public final class RepairInstance implements Operation<RepairInstance.Input, RepairInstance.State> {

  public static final String KIND = "instance.repair";

  private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

  /// @param reason what was seen
  public record Input(
      String name, String host, int port, @Nullable String reason, Instant seenAt) {}

  /// @param needed whether it was still down when looked at again
  public record State(boolean needed) {}

  private final InstanceDriver driver;
  private final Observations observations;

  @Inject
  public RepairInstance(InstanceDriver driver, Observations observations) {
    this.driver = driver;
    this.observations = observations;
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofMinutes(2), input -> new State(false))
        .yielding()
        .step("look", this::look)
        .undoNothing("Looking changes nothing")
        .step("start", this::start)
        .as(Admission.START)
        .undoNothing("An instance is meant to run")
        .build();
  }

  private StepOutcome<State> look(StepContext<Input, State> context) throws InterruptedException {
    Observation seen = driver.observe(specification(context));
    return switch (seen.state()) {
      case UP -> StepOutcome.done(new State(false));
      case DOWN -> StepOutcome.done(new State(true));
      // Nobody may conclude anything from it, so it is neither left alone nor started.
      case UNKNOWN ->
          StepOutcome.again(
              LOOK_AGAIN, Objects.requireNonNullElse(seen.reason(), "It cannot be observed"));
    };
  }

  private StepOutcome<State> start(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    if (!context.state().needed()) {
      return StepOutcome.done(context.state());
    }
    driver.start(context.fence(), specification(context));
    return StepOutcome.done(context.state())
        .publishing(new InstanceRepaired(context.subject(), context.input().name()))
        .also(() -> observations.up(context.subject()));
  }

  private static InstanceSpecification specification(StepContext<Input, State> context) {
    return new InstanceSpecification(
        context.subject(),
        context.organization(),
        new Endpoint(context.input().host(), context.input().port()));
  }
}
