package dev.slipway.account.persistence;

import dev.slipway.account.domain.MembershipRules.Invited;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.LockModeType;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Opens an organization to one user, once.
@Entity
public class Invitation extends PanacheEntityBase {

  @Id
  @Column(name = "secret_hash")
  public byte[] secretHash;

  public String organization;

  @Column(name = "made_by")
  public String madeBy;

  @Column(name = "made_at")
  public Instant madeAt;

  @Column(name = "expires_at")
  public Instant expiresAt;

  @Column(name = "used_by")
  public @Nullable String usedBy;

  @Column(name = "used_at")
  public @Nullable Instant usedAt;

  /// For Hibernate.
  @SuppressWarnings("NullAway.Init")
  protected Invitation() {}

  public Invitation(
      byte[] secretHash, String organization, String madeBy, Instant madeAt, Instant expiresAt) {
    this.secretHash = secretHash;
    this.organization = organization;
    this.madeBy = madeBy;
    this.madeAt = madeAt;
    this.expiresAt = expiresAt;
  }

  public Invited invited() {
    return new Invited(organization, expiresAt, usedAt);
  }

  public static @Nullable Invitation lock(byte[] secretHash) {
    return Invitation.<Invitation>find("secretHash", (Object) secretHash)
        .withLock(LockModeType.PESSIMISTIC_WRITE)
        .firstResult();
  }

  /// Which organization a secret is for, without a lock.
  public static @Nullable String organizationOf(byte[] secretHash) {
    Invitation found = find("secretHash", (Object) secretHash).firstResult();
    if (found == null) {
      return null;
    }
    getEntityManager().detach(found);
    return found.organization;
  }
}
