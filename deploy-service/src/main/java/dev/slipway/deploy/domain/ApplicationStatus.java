package dev.slipway.deploy.domain;

/// How an application stands, derived from its operations and from what was last observed; never
/// stored. The official command takes `AVAILABLE` for the success of a deploy.
public enum ApplicationStatus {
  /// It serves, and no deploy is under way.
  AVAILABLE,
  /// A deploy, roll-back or change of instance is under way; an earlier version may be serving.
  DEPLOYING,
  /// The last deploy was answered before it ended, and then failed; an earlier version may be
  /// serving.
  DEPLOY_FAILED,
  /// Nothing serves: never deployed, or every executor is down.
  UNAVAILABLE,
  /// It is being deleted.
  DELETING
}
