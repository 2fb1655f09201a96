package dev.slipway.deploy.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.operation.Admission;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.ExecutorObservation;
import dev.slipway.deploy.driver.ExecutorSpecification;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;

/// Starts executors again that are gone although they should run: the machine was restarted, or
/// their supervisor was killed. Only the reconciler asks for it, and it yields to whatever a person
/// asks for.
///
/// It looks again before it acts. Ports and folders stand in the ledger since the deploy, so there
/// is nothing to undo.
@Singleton
@OperationKind(RestoreExecutors.KIND)
public final class RestoreExecutors
    implements Operation<RestoreExecutors.Input, RestoreExecutors.State> {

  public static final String KIND = "application.restore";

  /// @param name of the application
  public record Input(String name) {}

  /// Nothing has to be remembered.
  public record State() {}

  private final Candidates candidates;
  private final Executors executors;
  private final ApplicationRuntime runtime;
  private final Specifications specifications;

  @Inject
  RestoreExecutors(
      Candidates candidates,
      Executors executors,
      ApplicationRuntime runtime,
      Specifications specifications) {
    this.candidates = candidates;
    this.executors = executors;
    this.runtime = runtime;
    this.specifications = specifications;
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofMinutes(2), input -> new State())
        .yielding()
        .step("start", this::start)
        .as(Admission.START)
        .undoNothing("Executors are meant to run")
        .build();
  }

  private StepOutcome<State> start(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    for (Executor executor : executors.of(context.subject())) {
      if (executor.duty() != Executor.Duty.STARTING) {
        ExecutorSpecification specification =
            specifications.executor(
                candidates.at(context, executor.version()),
                Specifications.placement(executor),
                executor.memoryMib());
        if (runtime.observe(specification).state() == ExecutorObservation.State.GONE) {
          runtime.start(context.fence(), specification);
        }
      }
    }
    return StepOutcome.done(context.state());
  }
}
