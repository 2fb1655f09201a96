package dev.slipway.common.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One row of the ledger. Rows go from `planned` to `made` to `gone` and are never deleted.
///
/// @param madeAt when the step that made it was done; absent while it is only planned, and of what
///     was struck out before
/// @param proof  how its absence was verified, present once it is gone
/// @param goneBy the operation that verified it, present once it is gone; absent of rows that
///     cleaning up orphans, or an older version, struck out
public record LedgerRow(
    long number,
    String subject,
    String operation,
    String step,
    Resource resource,
    State state,
    Instant plannedAt,
    @Nullable Instant madeAt,
    @Nullable Instant goneAt,
    @Nullable String proof,
    @Nullable String goneBy) {

  /// What is known of the thing.
  public enum State {
    PLANNED,
    MADE,
    GONE
  }

  public boolean open() {
    return state != State.GONE;
  }
}
