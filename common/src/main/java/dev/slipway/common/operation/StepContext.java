package dev.slipway.common.operation;

import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.LedgerRow;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a step sees while it runs, outside any transaction.
///
/// @param operation  its identifier
/// @param step       the step's name
/// @param attempts   how often this step was tried before
/// @param ledger     reads the subject's open rows, newest first
/// @param generation how often a child of this step has failed and a retry asks anew
public record StepContext<I extends Record, S extends Record>(
    String operation,
    String step,
    Fence fence,
    String organization,
    String requestedBy,
    int attempts,
    I input,
    S state,
    @Nullable ChildEnd childEnd,
    OpenLedger ledger,
    int generation) {

  /// The ledger's open rows, read when asked.
  public interface OpenLedger {

    /// Those of the operation's subject, newest first.
    List<LedgerRow> ofSubject();

    /// Those of a kind, whoever's they are: what is allocated.
    List<LedgerRow> ofKind(String kind);
  }

  public String subject() {
    return fence.subject();
  }

  /// How the operation this step waited for has ended, if it has.
  public Optional<ChildEnd> child() {
    return Optional.ofNullable(childEnd);
  }

  /// The subject's open ledger rows, newest first.
  public List<LedgerRow> openLedger() {
    return ledger.ofSubject();
  }

  /// The open ledger rows of a kind, whoever's they are.
  public List<LedgerRow> openOfKind(String kind) {
    return ledger.ofKind(kind);
  }

  /// A child of this step: the same on every call, until one has failed, the step is stuck over it
  /// and somebody retries; then another one, since the first has nothing more to say.
  public Child child(String prefix, String topic, String kind, String childSubject, String input) {
    String id =
        generation == 0
            ? Identifiers.derived(prefix, operation, step)
            : Identifiers.derived(prefix, operation, step, Integer.toString(generation));
    return new Child(id, topic, kind, childSubject, input);
  }
}
