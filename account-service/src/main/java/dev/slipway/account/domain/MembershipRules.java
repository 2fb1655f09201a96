package dev.slipway.account.domain;

import dev.slipway.common.error.ApiException;
import java.time.Instant;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Who may do what to an organization. Each rule returns, or throws what the caller is told.
public final class MembershipRules {

  /// A user and the organization it belongs to.
  public record Member(String user, String name, String organization, boolean admin) {}

  /// An invitation as it was found; null stands for none.
  public record Invited(String organization, Instant expiresAt, @Nullable Instant usedAt) {}

  private MembershipRules() {}

  public static void mayInvite(Member caller) {
    requireAdmin(caller, "invite");
  }

  public static void mayRename(Member caller) {
    requireAdmin(caller, "rename the organization");
  }

  /// @param target the user of that name, whatever organization it belongs to; null for none
  public static void mayRemove(
      Member caller, @Nullable Member target, String name, String organizationName) {
    requireAdmin(caller, "remove members");
    if (target == null || !target.organization().equals(caller.organization())) {
      throw new ApiException(
          AccountErrors.MEMBER_NOT_FOUND,
          "user %s is not a member of organization %s".formatted(name, organizationName));
    }
    if (target.admin()) {
      throw new ApiException(
          AccountErrors.ADMIN_STAYS,
          "user %s is the admin of organization %s and cannot be removed"
              .formatted(name, organizationName));
    }
  }

  /// Whether this invitation opens this organization now.
  ///
  /// @param organization the id; null when there is none of that name
  public static void invitationHolds(
      @Nullable Invited invitation, @Nullable String organization, Instant now) {
    if (invitation == null
        || organization == null
        || !invitation.organization().equals(organization)
        || invitation.usedAt() != null
        || !now.isBefore(invitation.expiresAt())) {
      throw new ApiException(
          AccountErrors.INVITATION_INVALID,
          "the secret does not open this organization; a secret works once and for 24 hours, ask the"
              + " organization's admin for a new one");
    }
  }

  /// Whether the user may leave the organization it is in.
  ///
  /// @param others how many other members that one has
  /// @param usage  asked only when it matters: what it still owns
  public static void mayLeave(
      Member user, String organizationName, long others, Supplier<Owned> usage) {
    if (!user.admin()) {
      return;
    }
    if (others > 0) {
      throw new ApiException(
          AccountErrors.ORGANIZATION_HAS_MEMBERS,
          "you are the admin of organization %s, which has other members; remove them first"
              .formatted(organizationName));
    }
    Owned owned = usage.get();
    if (!owned.nothing()) {
      throw new ApiException(
          AccountErrors.ORGANIZATION_IN_USE,
          "organization %s still owns %s; %s before you join another"
              .formatted(organizationName, owned.words(), owned.remedy()));
    }
  }

  public static void joinsAnother(Member user, String organization, String organizationName) {
    if (user.organization().equals(organization)) {
      throw new ApiException(
          AccountErrors.ALREADY_MEMBER,
          "you are a member of organization %s already".formatted(organizationName));
    }
  }

  private static void requireAdmin(Member caller, String deed) {
    if (!caller.admin()) {
      throw new ApiException(
          AccountErrors.ADMIN_ONLY, "only the admin of the organization may " + deed);
    }
  }
}
