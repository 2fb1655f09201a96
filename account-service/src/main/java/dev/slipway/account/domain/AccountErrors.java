package dev.slipway.account.domain;

import dev.slipway.common.error.ErrorCode;

/// What account-service refuses beyond what every service does.
public final class AccountErrors {

  /// Somebody has this name.
  public static final ErrorCode NAME_TAKEN = new ErrorCode("name-taken", 409);

  /// The identity has registered before, under another name.
  public static final ErrorCode ALREADY_REGISTERED = new ErrorCode("already-registered", 409);

  /// Only the admin of the organization may do this.
  public static final ErrorCode ADMIN_ONLY = new ErrorCode("admin-only", 403);

  /// The secret is unknown, for another organization, used or expired; which of them is not told.
  public static final ErrorCode INVITATION_INVALID = new ErrorCode("invitation-invalid", 403);

  /// The user is a member already.
  public static final ErrorCode ALREADY_MEMBER = new ErrorCode("already-member", 409);

  /// The organization to be left still owns something.
  public static final ErrorCode ORGANIZATION_IN_USE = new ErrorCode("organization-in-use", 409);

  /// The organization to be left has other members, who would be without an admin.
  public static final ErrorCode ORGANIZATION_HAS_MEMBERS =
      new ErrorCode("organization-has-members", 409);

  /// No such member of the organization.
  public static final ErrorCode MEMBER_NOT_FOUND = new ErrorCode("member-not-found", 404);

  /// The admin cannot be removed.
  public static final ErrorCode ADMIN_STAYS = new ErrorCode("admin-stays", 409);

  private AccountErrors() {}
}
