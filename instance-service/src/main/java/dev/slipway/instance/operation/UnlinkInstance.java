package dev.slipway.instance.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.contract.instance.InstanceEvent.InstanceUnlinked;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.instance.domain.DatabaseSets;
import dev.slipway.instance.domain.Instances;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;

/// Forgets a linked server. Nothing is changed on it; what deleted applications left there is its
/// owner's from now on.
@Singleton
@OperationKind(UnlinkInstance.KIND)
public final class UnlinkInstance implements Operation<UnlinkInstance.Input, UnlinkInstance.State> {

  public static final String KIND = "instance.unlink";

  public record Input(String name) {}

  /// Nothing has to be remembered between the steps.
  public record State() {}

  private final Instances instances;
  private final DatabaseSets sets;

  @Inject
  public UnlinkInstance(Instances instances, DatabaseSets sets) {
    this.instances = instances;
    this.sets = sets;
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofMinutes(1), input -> new State())
        .superseding()
        .step("forget", this::forget)
        .forwardOnly()
        .build();
  }

  private StepOutcome<State> forget(StepContext<Input, State> context) {
    return StepOutcome.done(context.state())
        .publishing(new InstanceUnlinked(context.subject(), context.input().name()))
        .also(
            () -> {
              instances.remove(context.subject());
              sets.instanceGone(
                  context.operation(),
                  context.subject(),
                  "its server was unlinked, and is its owner's to look after");
            });
  }
}
