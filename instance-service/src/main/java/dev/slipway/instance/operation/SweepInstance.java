package dev.slipway.instance.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.operation.Admission;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.reconcile.Books;
import dev.slipway.common.reconcile.Removal;
import dev.slipway.instance.driver.InstanceDriver;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;

/// Removes what was found of an instance that the ledger says is gone, see [Removal]. Only the
/// janitor asks for it.
@Singleton
@OperationKind(SweepInstance.KIND)
public final class SweepInstance implements Operation<SweepInstance.Input, SweepInstance.State> {

  public static final String KIND = "instance.sweep";

  /// @param found what the janitor saw, for the reader of the operation
  public record Input(List<String> found) {
    public Input {
      found = List.copyOf(found);
    }
  }

  /// Nothing has to be remembered between the steps.
  public record State() {}

  private final Removal removal;

  @Inject
  public SweepInstance(InstanceDriver driver, Books books) {
    this.removal = new Removal(driver::inventory, books, driver::destroy);
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofMinutes(2), input -> new State())
        .yielding()
        .step("remove", removal::remove)
        .as(Admission.START)
        .undoNothing("What it removes was gone by the ledger before it began")
        .build();
  }
}
