package dev.slipway.account.membership;

/// Asks the services that own things what an organization still has.
public interface OrganizationUsage {

  /// The number of database instances.
  ///
  /// @throws dev.slipway.common.error.ApiException with `unavailable` when nobody answers
  long instancesOf(String organization);
}
