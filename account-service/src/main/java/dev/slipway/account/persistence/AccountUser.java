package dev.slipway.account.persistence;

import dev.slipway.account.domain.MembershipRules.Member;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.LockModeType;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A registered user and its membership: one organization at a time.
@Entity
@Table(name = "account_user")
public class AccountUser extends PanacheEntityBase {

  @Id public String id;

  public String identity;

  public String name;

  @Column(name = "given_name")
  public String givenName;

  @Column(name = "family_name")
  public String familyName;

  public String company;

  public String organization;

  public boolean admin;

  @Column(name = "created_at")
  public Instant createdAt;

  /// For Hibernate.
  @SuppressWarnings("NullAway.Init")
  protected AccountUser() {}

  public AccountUser(
      String id,
      String identity,
      String name,
      String givenName,
      String familyName,
      String company,
      String organization,
      boolean admin,
      Instant createdAt) {
    this.id = id;
    this.identity = identity;
    this.name = name;
    this.givenName = givenName;
    this.familyName = familyName;
    this.company = company;
    this.organization = organization;
    this.admin = admin;
    this.createdAt = createdAt;
  }

  public Member member() {
    return new Member(id, name, organization, admin);
  }

  public static @Nullable AccountUser ofIdentity(String identity) {
    return find("identity", identity).firstResult();
  }

  public static @Nullable String idOf(String name) {
    AccountUser found = find("name", name).firstResult();
    if (found == null) {
      return null;
    }
    getEntityManager().detach(found);
    return found.id;
  }

  public static boolean isTaken(String name) {
    return count("name", name) > 0;
  }

  /// Locks in the order of ids, whatever order they are asked for in.
  public static List<AccountUser> lock(Collection<String> ids) {
    return AccountUser.<AccountUser>find("id in ?1 order by id", ids)
        .withLock(LockModeType.PESSIMISTIC_WRITE)
        .list();
  }

  public static long othersIn(String organization, String user) {
    return count("organization = ?1 and id <> ?2", organization, user);
  }

  public static List<AccountUser> membersOf(String organization) {
    return list("organization = ?1 order by createdAt, name", organization);
  }
}
