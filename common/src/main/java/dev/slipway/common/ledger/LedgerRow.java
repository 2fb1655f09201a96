package dev.slipway.common.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One row of the ledger. Rows go from `planned` to `made` to `gone` and are never deleted.
///
/// @param proof how its absence was verified, present once it is gone
public record LedgerRow(
    long number,
    String subject,
    String operation,
    String step,
    Resource resource,
    State state,
    Instant plannedAt,
    @Nullable Instant goneAt,
    @Nullable String proof) {

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
