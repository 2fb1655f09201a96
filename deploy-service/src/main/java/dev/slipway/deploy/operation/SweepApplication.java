package dev.slipway.deploy.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.operation.Admission;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.reconcile.Books;
import dev.slipway.common.reconcile.Removal;
import dev.slipway.deploy.driver.ApplicationRuntime;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;

/// Removes what was found of an application that the ledger says is gone, see [Removal]. Only the
/// janitor asks for it.
@Singleton
@OperationKind(SweepApplication.KIND)
public final class SweepApplication
    implements Operation<SweepApplication.Input, SweepApplication.State> {

  public static final String KIND = "application.sweep";

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
  public SweepApplication(ApplicationRuntime runtime, Books books) {
    this.removal = new Removal(runtime::inventory, books, runtime::destroy);
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
