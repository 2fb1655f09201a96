package dev.slipway.deploy.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.driver.Found;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.Admission;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.common.reconcile.Bookkeeping;
import dev.slipway.common.reconcile.Books;
import dev.slipway.deploy.driver.ApplicationRuntime;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;

/// Removes what was found of an application that the ledger says is gone. Only the janitor asks for
/// it.
///
/// It lists reality first and asks the books second, once more and while it holds the subject, so
/// that nothing can have begun in between; and it acts under the subject's epoch, so that a control
/// database which is behind reality is refused by the runtime. Whatever is not beyond doubt makes
/// it fail without having touched anything.
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

  private final ApplicationRuntime runtime;
  private final Books books;

  @Inject
  public SweepApplication(ApplicationRuntime runtime, Books books) {
    this.runtime = runtime;
    this.books = books;
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofMinutes(2), input -> new State())
        .yielding()
        .step("remove", this::remove)
        .as(Admission.START)
        .undoNothing("What it removes was gone by the ledger before it began")
        .build();
  }

  private StepOutcome<State> remove(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    List<Resource> found =
        runtime.inventory().stream()
            .filter(thing -> thing.subject().equals(context.subject()))
            .map(Found::resource)
            .filter(resource -> !resource.kind().equals("trash"))
            .toList();
    if (found.isEmpty()) {
      return StepOutcome.done(context.state());
    }
    Bookkeeping known = books.of(context.subject());
    for (Resource resource : found) {
      if (!known.allowsRemoval(resource, context.operation())) {
        return StepOutcome.failed(
            "not-removable",
            "The %s %s stays: %s"
                .formatted(
                    resource.kind(),
                    resource.name(),
                    known.standing(resource, context.operation()).words()));
      }
    }
    var gone = runtime.destroy(context.fence(), context.subject(), List.of());
    return StepOutcome.done(context.state()).striking(gone.proofs());
  }
}
