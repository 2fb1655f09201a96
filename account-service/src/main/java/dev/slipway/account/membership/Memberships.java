package dev.slipway.account.membership;

import dev.slipway.account.audit.AuditLog;
import dev.slipway.account.domain.AccountErrors;
import dev.slipway.account.domain.Lifetimes;
import dev.slipway.account.domain.MembershipRules;
import dev.slipway.account.domain.Name;
import dev.slipway.account.domain.Secret;
import dev.slipway.account.persistence.AccountUser;
import dev.slipway.account.persistence.Identity;
import dev.slipway.account.persistence.Invitation;
import dev.slipway.account.persistence.NameRegister;
import dev.slipway.account.persistence.Organization;
import dev.slipway.common.contract.account.AccountEvent;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.id.Identifiers;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Every change of users and organizations, each in one transaction that either does all of it or
/// nothing.
///
/// Locks are taken in one order: the name register, users by id, organizations by id, an
/// invitation. What a rule looks at is read under its lock; a token may be a minute old, so the
/// caller's role is read again, too.
@ApplicationScoped
public class Memberships {

  /// What a person says at registration.
  public record Registration(
      String name, String givenName, String familyName, String company, @Nullable String secret) {}

  /// A user as it sees itself.
  public record Profile(String name, String email, String organizationName, Instant createdAt) {}

  private final AccountEvents events;
  private final OrganizationUsage usage;
  private final InstallationKeys keys;
  private final AuditLog audit;
  private final Clock clock;

  Memberships(
      AccountEvents events,
      OrganizationUsage usage,
      InstallationKeys keys,
      AuditLog audit,
      Clock clock) {
    this.audit = audit;
    this.events = events;
    this.usage = usage;
    this.keys = keys;
    this.clock = clock;
  }

  /// Makes a user of an identity: the admin of an own organization, or a member of the one that
  /// the secret opens. The same again changes nothing.
  ///
  /// @return the user's id
  @Transactional
  public String register(String identity, Registration registration) {
    NameRegister.open();
    AccountUser known = AccountUser.ofIdentity(identity);
    if (known != null) {
      if (known.name.equals(registration.name())) {
        return known.id;
      }
      throw new ApiException(
          AccountErrors.ALREADY_REGISTERED, "you are registered already, as " + known.name);
    }
    if (AccountUser.isTaken(registration.name())) {
      throw taken("name", registration.name());
    }
    Instant now = clock.instant();
    Invitation invitation = null;
    Organization organization;
    if (registration.secret() == null) {
      organization = open(registration.name(), now);
    } else {
      byte[] hash = Secret.hash(registration.secret());
      organization = lockOpen(Invitation.organizationOf(hash));
      invitation = Invitation.lock(hash);
      MembershipRules.invitationHolds(
          invitation == null ? null : invitation.invited(),
          organization == null ? null : organization.id,
          now);
      Objects.requireNonNull(organization);
    }
    var user =
        new AccountUser(
            Identifiers.next("usr"),
            identity,
            registration.name(),
            registration.givenName(),
            registration.familyName(),
            registration.company(),
            organization.id,
            invitation == null,
            now);
    user.persist();
    audit.fileUnder(organization.id, identity);
    events.tell(
        user.id,
        organization.id,
        new AccountEvent.UserRegistered(user.id, user.name, organization.id));
    if (invitation == null) {
      opened(organization, user);
    } else {
      use(invitation, user, now);
      joined(organization, user);
    }
    return user.id;
  }

  /// The profile of an identity's user.
  @Transactional
  public Profile profile(String identity) {
    AccountUser user = AccountUser.ofIdentity(identity);
    if (user == null) {
      throw notRegistered();
    }
    Identity signedIn = Objects.requireNonNull(Identity.<Identity>findById(identity));
    Organization organization =
        Objects.requireNonNull(Organization.<Organization>findById(user.organization));
    return new Profile(
        user.name, signedIn.email == null ? "" : signedIn.email, organization.name, user.createdAt);
  }

  /// Makes an invitation, whose secret lets one user in within a day.
  ///
  /// @return its identifier, from which [#secretOf] derives the secret
  @Transactional
  public String invite(String caller, String organization) {
    AccountUser admin = lockCaller(caller, organization);
    MembershipRules.mayInvite(admin.member());
    Instant now = clock.instant();
    Invitation.delete("expiresAt < ?1 and usedAt is null", now.minus(Lifetimes.INVITATION));
    String invitation = Identifiers.next("inv");
    Instant expiresAt = now.plus(Lifetimes.INVITATION);
    new Invitation(Secret.hash(secretOf(invitation)), organization, admin.id, now, expiresAt)
        .persist();
    events.tell(
        organization,
        organization,
        new AccountEvent.InvitationMade(organization, admin.id, admin.name, expiresAt));
    return invitation;
  }

  /// The secret of an invitation. It is kept nowhere: who made an invitation with an idempotency
  /// key, and lost the answer, gets the same again.
  public String secretOf(String invitation) {
    return Secret.invitation(keys.derive("invitation", invitation));
  }

  /// The names of the members, the oldest first.
  @Transactional
  public List<String> members(String organization) {
    return AccountUser.membersOf(organization).stream().map(user -> user.name).toList();
  }

  /// Gives the organization another name. Ids are keys, so nothing else changes.
  @Transactional
  public void rename(String caller, String organization, String oldName, String newName) {
    NameRegister.open();
    MembershipRules.mayRename(lockCaller(caller, organization).member());
    Organization found = lockOpen(organization);
    if (found == null || !found.name.equals(oldName)) {
      throw organizationNotFound(oldName);
    }
    if (newName.equals(oldName)) {
      throw invalidNewName("is the name it has");
    }
    if (Organization.isTaken(newName)) {
      throw taken("newName", newName);
    }
    found.name = newName;
    events.tell(
        organization,
        organization,
        new AccountEvent.OrganizationRenamed(organization, oldName, newName));
  }

  /// Moves the caller into another organization. The secret is used up by this and by nothing
  /// else: a join that fails for whatever reason leaves it as it was.
  /// Nothing begins in the organization being left from the moment that it was found empty.
  @Transactional
  public void join(String caller, String organizationName, String secret) {
    AccountUser user = lockUser(caller);
    if (user == null) {
      throw notRegistered();
    }
    String wanted = Organization.idOf(organizationName);
    Set<String> ids = new TreeSet<>(Set.of(user.organization));
    if (wanted != null) {
      ids.add(wanted);
    }
    List<Organization> locked = Organization.lock(ids);
    // Found again under the lock: it may have been renamed or closed meanwhile.
    Organization target =
        locked.stream()
            .filter(organization -> organization.id.equals(wanted))
            .filter(organization -> organization.closedAt == null)
            .filter(organization -> organization.name.equals(organizationName))
            .findFirst()
            .orElse(null);
    Organization left =
        locked.stream()
            .filter(organization -> organization.id.equals(user.organization))
            .findFirst()
            .orElseThrow();
    Invitation invitation = Invitation.lock(Secret.hash(secret));
    Instant now = clock.instant();
    MembershipRules.invitationHolds(
        invitation == null ? null : invitation.invited(), target == null ? null : target.id, now);
    Objects.requireNonNull(invitation);
    Objects.requireNonNull(target);
    MembershipRules.joinsAnother(user.member(), target.id, target.name);
    MembershipRules.mayLeave(
        user.member(),
        left.name,
        AccountUser.othersIn(left.id, user.id),
        () -> usage.ofOneBeingLeft(left.id));
    boolean last = user.admin;
    user.organization = target.id;
    user.admin = false;
    use(invitation, user, now);
    events.tell(left.id, left.id, new AccountEvent.MemberLeft(left.id, user.id, user.name));
    if (last) {
      left.closedAt = now;
      events.tell(left.id, left.id, new AccountEvent.OrganizationClosed(left.id, left.name));
    }
    joined(target, user);
  }

  /// Ends a membership at once; the user gets an own, empty organization.
  @Transactional
  public void remove(String caller, String organization, String organizationName, String userName) {
    NameRegister.open();
    String target = AccountUser.idOf(userName);
    Set<String> ids = new TreeSet<>(Set.of(caller));
    if (target != null) {
      ids.add(target);
    }
    List<AccountUser> locked = AccountUser.lock(ids);
    AccountUser admin = find(locked, caller);
    if (admin == null || !admin.organization.equals(organization)) {
      throw organizationNotFound(organizationName);
    }
    AccountUser removed = target == null ? null : find(locked, target);
    MembershipRules.mayRemove(
        admin.member(), removed == null ? null : removed.member(), userName, organizationName);
    Objects.requireNonNull(removed);
    Organization fresh = open(Name.firstFree(removed.name, Organization::isTaken), clock.instant());
    removed.organization = fresh.id;
    removed.admin = true;
    events.tell(
        organization,
        organization,
        new AccountEvent.MemberRemoved(organization, removed.id, removed.name, admin.name));
    opened(fresh, removed);
  }

  /// The refusal by which the official client knows that it should register.
  public static ApiException notRegistered() {
    return new ApiException(ErrorCode.USER_NOT_REGISTERED, "user not found in DBOS Cloud");
  }

  /// The same for an organization of others as for one that does not exist.
  public static ApiException organizationNotFound(String name) {
    return new ApiException(
        ErrorCode.ORGANIZATION_NOT_FOUND, "organization %s not found".formatted(name));
  }

  private Organization open(String name, Instant now) {
    if (Organization.isTaken(name)) {
      throw taken("name", name);
    }
    var organization = new Organization(Identifiers.next("org"), name, now);
    organization.persist();
    return organization;
  }

  private AccountUser lockCaller(String caller, String organization) {
    AccountUser user = lockUser(caller);
    if (user == null || !user.organization.equals(organization)) {
      // Removed, or gone elsewhere, since the token was made.
      throw new ApiException(ErrorCode.ORGANIZATION_NOT_FOUND, "organization not found");
    }
    return user;
  }

  private static @Nullable AccountUser lockUser(String id) {
    return find(AccountUser.lock(Set.of(id)), id);
  }

  private static @Nullable AccountUser find(List<AccountUser> users, String id) {
    return users.stream().filter(user -> user.id.equals(id)).findFirst().orElse(null);
  }

  private static @Nullable Organization lockOpen(@Nullable String id) {
    if (id == null) {
      return null;
    }
    return Organization.lock(Set.of(id)).stream()
        .filter(organization -> organization.closedAt == null)
        .findFirst()
        .orElse(null);
  }

  private static void use(Invitation invitation, AccountUser user, Instant now) {
    invitation.usedBy = user.id;
    invitation.usedAt = now;
  }

  private void opened(Organization organization, AccountUser admin) {
    events.tell(
        organization.id,
        organization.id,
        new AccountEvent.OrganizationOpened(
            organization.id, organization.name, admin.id, admin.name));
  }

  private void joined(Organization organization, AccountUser user) {
    events.tell(
        organization.id,
        organization.id,
        new AccountEvent.MemberJoined(organization.id, user.id, user.name));
  }

  private static ApiException taken(String field, String name) {
    return ApiException.of(AccountErrors.NAME_TAKEN, "the name %s is taken".formatted(name))
        .field(field, "is taken")
        .build();
  }

  private static ApiException invalidNewName(String problem) {
    return ApiException.of(ErrorCode.INVALID_REQUEST, "newName " + problem)
        .field("newName", problem)
        .build();
  }
}
