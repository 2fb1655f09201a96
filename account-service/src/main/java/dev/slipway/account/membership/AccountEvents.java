package dev.slipway.account.membership;

import dev.slipway.common.contract.account.AccountEvent;

/// Where the facts go. Called within the transaction that makes them true, once per fact.
public interface AccountEvents {

  /// @param subject      the id of what it happened to
  /// @param organization the id of the organization that may know of it
  void tell(String subject, String organization, AccountEvent event);
}
