package dev.slipway.common.contract.account;

import dev.slipway.common.outbox.Event;
import dev.slipway.common.outbox.EventType;
import java.time.Instant;

/// What has happened to users and organizations. Names are as they were at that moment; no secret
/// and no address is in any of them.
public sealed interface AccountEvent extends Event {

  /// The topic they are told on.
  String TOPIC = "slipway.account.event.v1";

  /// Subject: the user.
  @EventType("slipway.account.user-registered.v1")
  record UserRegistered(String user, String userName, String organization)
      implements AccountEvent {}

  /// A user has an own organization. Subject: the organization.
  @EventType("slipway.account.organization-opened.v1")
  record OrganizationOpened(
      String organization, String organizationName, String admin, String adminName)
      implements AccountEvent {}

  /// Addresses that contain the old name are dead. Subject: the organization.
  @EventType("slipway.account.organization-renamed.v1")
  record OrganizationRenamed(String organization, String oldName, String newName)
      implements AccountEvent {}

  /// The last member has left; nothing was left in it. Subject: the organization.
  @EventType("slipway.account.organization-closed.v1")
  record OrganizationClosed(String organization, String organizationName) implements AccountEvent {}

  /// Subject: the organization.
  @EventType("slipway.account.invitation-made.v1")
  record InvitationMade(String organization, String by, String byName, Instant expiresAt)
      implements AccountEvent {}

  /// Subject: the organization joined.
  @EventType("slipway.account.member-joined.v1")
  record MemberJoined(String organization, String user, String userName) implements AccountEvent {}

  /// A user has joined another organization. Subject: the organization left.
  @EventType("slipway.account.member-left.v1")
  record MemberLeft(String organization, String user, String userName) implements AccountEvent {}

  /// Subject: the organization the user was removed from.
  @EventType("slipway.account.member-removed.v1")
  record MemberRemoved(String organization, String user, String userName, String byName)
      implements AccountEvent {}
}
