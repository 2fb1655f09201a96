package dev.slipway.deploy.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.common.outbox.Event;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Executors;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// Ends executors of replaced versions whose workflows have ended, or that have had enough time.
/// Only the reconciler asks for it, and it yields to whatever a person asks for.
///
/// It looks again before it acts. Whoever was ended does not come back, so there is only forward.
@Singleton
@OperationKind(DrainExecutors.KIND)
public final class DrainExecutors implements Operation<DrainExecutors.Input, DrainExecutors.State> {

  public static final String KIND = "application.drain";

  /// @param name    of the application
  /// @param seconds how long executors may drain
  public record Input(String name, long seconds) {}

  /// Nothing has to be remembered.
  public record State() {}

  private final Candidates candidates;
  private final Executors executors;
  private final Serving serving;

  @Inject
  DrainExecutors(Candidates candidates, Executors executors, Serving serving) {
    this.candidates = candidates;
    this.executors = executors;
    this.serving = serving;
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofMinutes(3), input -> new State())
        .yielding()
        .pivot("drain", this::drain)
        .forwardOnly()
        .build();
  }

  private StepOutcome<State> drain(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    Application application = candidates.application(context.fence());
    Instant overdue = Instant.now().minus(Duration.ofSeconds(context.input().seconds()));
    List<Executor> ending =
        executors.of(application.id()).stream()
            .filter(executor -> executor.duty() == Executor.Duty.DRAINING)
            .filter(
                executor ->
                    executor.since().isBefore(overdue)
                        || !serving.mayHaveWorkflows(application, executor.version()))
            .toList();
    Serving.Ended ended = serving.end(context.fence(), application, ending);
    return StepOutcome.done(context.state())
        .publishing(ended.events().toArray(Event[]::new))
        .striking(ended.proofs())
        .also(() -> ending.forEach(executor -> executors.remove(executor.id())));
  }
}
