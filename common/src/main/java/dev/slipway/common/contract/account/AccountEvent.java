package dev.slipway.common.contract.account;

import java.time.Instant;

/// What has happened to users and organizations. Names are as they were at that moment; no secret
/// and no address is in any of them.
public sealed interface AccountEvent {

  /// The topic they are told on.
  String TOPIC = "slipway.account.event.v1";

  /// Subject: the user.
  record UserRegistered(String user, String userName, String organization)
      implements AccountEvent {}

  /// A user has an own organization. Subject: the organization.
  record OrganizationOpened(
      String organization, String organizationName, String admin, String adminName)
      implements AccountEvent {}

  /// Addresses that contain the old name are dead. Subject: the organization.
  record OrganizationRenamed(String organization, String oldName, String newName)
      implements AccountEvent {}

  /// The last member has left; nothing was left in it. Subject: the organization.
  record OrganizationClosed(String organization, String organizationName) implements AccountEvent {}

  /// Subject: the organization.
  record InvitationMade(String organization, String by, String byName, Instant expiresAt)
      implements AccountEvent {}

  /// Subject: the organization joined.
  record MemberJoined(String organization, String user, String userName) implements AccountEvent {}

  /// A user has joined another organization. Subject: the organization left.
  record MemberLeft(String organization, String user, String userName) implements AccountEvent {}

  /// Subject: the organization the user was removed from.
  record MemberRemoved(String organization, String user, String userName, String byName)
      implements AccountEvent {}
}
