package dev.slipway.instance.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.contract.instance.InstanceEvent.InstanceDestroyed;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.Admission;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.instance.domain.DatabaseSets;
import dev.slipway.instance.domain.Instances;
import dev.slipway.instance.driver.InstanceDriver;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;

/// Removes an instance in whatever state it is, with all its data, and proves that nothing is left.
///
/// It is accepted at any time: it takes over from whatever has the instance, works from every open
/// ledger row, and there is only forward. Databases of applications go with it, also those that a
/// deleted application left. When it cannot go on it is stuck, and asking for it again
/// is trying it again.
@Singleton
@OperationKind(DestroyInstance.KIND)
public final class DestroyInstance
    implements Operation<DestroyInstance.Input, DestroyInstance.State> {

  public static final String KIND = "instance.destroy";

  public record Input(String name) {}

  /// Nothing has to be remembered between the steps: the ledger does.
  public record State() {}

  private final InstanceDriver driver;
  private final Instances instances;
  private final DatabaseSets sets;

  @Inject
  public DestroyInstance(InstanceDriver driver, Instances instances, DatabaseSets sets) {
    this.driver = driver;
    this.instances = instances;
    this.sets = sets;
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofMinutes(5), input -> new State())
        .superseding()
        .step("remove", this::remove)
        .as(Admission.START)
        .forwardOnly()
        .step("forget", this::forget)
        .forwardOnly()
        .build();
  }

  private StepOutcome<State> remove(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    List<Resource> open = context.openLedger().stream().map(LedgerRow::resource).toList();
    Gone gone = driver.destroy(context.fence(), context.subject(), open);
    return StepOutcome.done(context.state()).striking(gone.proofs());
  }

  private StepOutcome<State> forget(StepContext<Input, State> context) {
    return StepOutcome.done(context.state())
        .publishing(new InstanceDestroyed(context.subject(), context.input().name()))
        .also(
            () -> {
              instances.remove(context.subject());
              sets.instanceGone(
                  context.operation(), context.subject(), "its database instance was destroyed");
            });
  }
}
