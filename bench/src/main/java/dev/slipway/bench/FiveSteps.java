package dev.slipway.bench;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepOutcome;
import jakarta.inject.Singleton;

/// Five steps whose driver does nothing.
@Singleton
@OperationKind(FiveSteps.KIND)
public final class FiveSteps implements Operation<FiveSteps.Input, FiveSteps.State> {

  public static final String KIND = "bench.five-steps";

  /// Nothing is asked for.
  public record Input() {}

  /// @param done how many steps are
  public record State(int done) {}

  @Override
  public Plan<Input, State> plan() {
    var plan = Plan.<Input, State>within(ofMinutes(1), input -> new State(0));
    for (int number = 1; number <= 5; number++) {
      plan =
          plan.step(
                  "step-" + number,
                  context -> StepOutcome.done(new State(context.state().done() + 1)))
              .undoNothing("It did nothing");
    }
    return plan.build();
  }
}
