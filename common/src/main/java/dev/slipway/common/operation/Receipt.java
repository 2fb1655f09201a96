package dev.slipway.common.operation;

import dev.slipway.common.ledger.LedgerRow;
import java.util.List;

/// What an operation has made outside the database, and how the absence of each thing that is gone
/// was verified.
///
/// @param things   what it planned or struck out, oldest first; of a destroy, that is what there
///     was of its subject when it began
/// @param others   of a destroy: the other things its subject ever had, which are gone since
///     before, and any that are left
/// @param children the operations it asked for, here or in another service; each has a receipt of
///     its own
public record Receipt(
    OperationView operation,
    List<LedgerRow> things,
    List<LedgerRow> others,
    List<String> children) {

  public Receipt {
    things = List.copyOf(things);
    others = List.copyOf(others);
    children = List.copyOf(children);
  }
}
