package dev.slipway.common.reconcile;

import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import java.util.Collection;
import java.util.List;

/// What the janitor's operation does to a subject, whichever service it is of.
///
/// It lists reality first and asks the books second, once more and while it holds the subject, so
/// that nothing can have begun in between; and it acts under the subject's epoch, so that a control
/// database which is behind reality is refused by the driver. Whatever is not beyond doubt makes it
/// fail without having touched anything.
public record Removal(Inventory inventory, Books books, Destruction destruction) {

  /// All that a driver finds.
  @FunctionalInterface
  public interface Inventory {
    List<Found> list() throws DriverFailure, InterruptedException;
  }

  /// Removes all that a driver finds of a subject.
  @FunctionalInterface
  public interface Destruction {
    Gone destroy(Fence fence, String subject, Collection<Resource> expected)
        throws DriverFailure, InterruptedException;
  }

  /// The one step.
  public <I extends Record, S extends Record> StepOutcome<S> remove(StepContext<I, S> context)
      throws DriverFailure, InterruptedException {
    List<Resource> found =
        inventory.list().stream()
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
    Gone gone = destruction.destroy(context.fence(), context.subject(), List.of());
    return StepOutcome.done(context.state()).striking(gone.proofs());
  }
}
