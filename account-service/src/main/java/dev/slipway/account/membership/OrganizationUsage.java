package dev.slipway.account.membership;

import dev.slipway.account.domain.Owned;

/// Asks the services that own things what an organization still has.
public interface OrganizationUsage {

  /// Everything, from all of them. When that is nothing, nothing begins in the organization for the
  /// next minutes, in which it has to be closed.
  ///
  /// @throws dev.slipway.common.error.ApiException with `unavailable` when one of them does
  ///     not answer
  Owned ofOneBeingLeft(String organization);
}
