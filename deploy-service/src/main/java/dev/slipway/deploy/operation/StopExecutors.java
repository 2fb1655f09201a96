package dev.slipway.deploy.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.VersionReference;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;

/// Stops every executor of an application because the platform goes down. They stay what they are,
/// with their ports, and [RestoreExecutors] brings them back after the next start.
@Singleton
@OperationKind(StopExecutors.KIND)
public final class StopExecutors implements Operation<StopExecutors.Input, StopExecutors.State> {

  public static final String KIND = "application.stop";

  /// @param name of the application
  public record Input(String name) {}

  /// Nothing has to be remembered.
  public record State() {}

  private final Executors executors;
  private final ApplicationRuntime runtime;

  @Inject
  StopExecutors(Executors executors, ApplicationRuntime runtime) {
    this.executors = executors;
    this.runtime = runtime;
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofMinutes(2), input -> new State())
        .step("stop", this::stop)
        .undoNothing("Executors that should run are restored by the reconciler")
        .build();
  }

  private StepOutcome<State> stop(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    for (Executor executor : executors.of(context.subject())) {
      runtime.stop(
          context.fence(),
          new VersionReference(context.subject(), executor.version()),
          executor.id(),
          Serving.GRACE);
    }
    return StepOutcome.done(context.state())
        .also(
            () ->
                executors
                    .of(context.subject())
                    .forEach(
                        executor ->
                            executors.observed(executor.id(), false, "the platform was stopped")));
  }
}
