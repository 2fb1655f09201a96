package dev.slipway.deploy.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

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
  DELETING;

  /// The kinds of operations that change which version serves.
  public static final List<String> DEPLOYS =
      List.of("application.deploy", "application.roll-back", "application.change-instance");

  private static final String DELETE = "application.delete";

  /// What the status follows from.
  ///
  /// @param activeKind  of the operation that has the application now
  /// @param stuck       whether that operation waits for somebody
  /// @param failedEarly whether the last deploy that was answered before its end has failed, and no
  ///     later one has succeeded
  /// @param serves      whether requests go to an executor that was not seen down
  public record Facts(
      @Nullable String activeKind, boolean stuck, boolean failedEarly, boolean serves) {}

  public static ApplicationStatus of(Facts facts) {
    if (DELETE.equals(facts.activeKind())) {
      return DELETING;
    }
    if (facts.activeKind() != null && DEPLOYS.contains(facts.activeKind())) {
      return facts.stuck() ? DEPLOY_FAILED : DEPLOYING;
    }
    if (facts.failedEarly()) {
      return DEPLOY_FAILED;
    }
    return facts.serves() ? AVAILABLE : UNAVAILABLE;
  }
}
