package dev.slipway.common.reconcile;

import dev.slipway.common.ledger.Resource;
import java.time.Instant;

/// Something on which reality and the ledger disagree.
///
/// @param reason    what the ledger says of it
/// @param removable whether the janitor will remove it when it stays like this
public record Discrepancy(
    Side side, String subject, Resource resource, String detail, String reason, boolean removable) {

  /// Which of the two has it.
  public enum Side {
    /// It exists, and the ledger has no open row of it.
    FOUND,
    /// The ledger says that it exists, and it does not.
    MISSING
  }

  /// Since when.
  public record Known(Discrepancy discrepancy, Instant since) {}
}
