package dev.slipway.account.membership;

import dev.slipway.account.domain.Owned;

/// Asks the services that own things what an organization still has.
public interface OrganizationUsage {

  /// Everything, from all of them.
  ///
  /// @throws dev.slipway.common.error.ApiException with `unavailable` when one of them does
  ///     not answer
  Owned of(String organization);
}
