package dev.slipway.common.driver;

import dev.slipway.common.ledger.Resource;
import java.util.Map;

/// What is verified gone, each with how it was verified: one sentence, fit for the ledger.
public record Gone(Map<Resource, String> proofs) {

  public Gone {
    proofs = Map.copyOf(proofs);
  }
}
