package dev.slipway.account.persistence;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.LockModeType;
import jakarta.persistence.Table;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Gets access tokens until it is revoked, unused for a month, or a year old. It is not exchanged
/// at use: the official client keeps the one it has.
@Entity
@Table(name = "refresh_token")
public class RefreshToken extends PanacheEntityBase {

  @Id
  @Column(name = "token_hash")
  public byte[] tokenHash;

  /// What people see of it.
  public String id;

  public String identity;

  public String client;

  public String scope;

  @Column(name = "made_at")
  public Instant madeAt;

  @Column(name = "used_at")
  public Instant usedAt;

  @Column(name = "revoked_at")
  public @Nullable Instant revokedAt;

  /// For Hibernate.
  @SuppressWarnings("NullAway.Init")
  protected RefreshToken() {}

  public RefreshToken(
      byte[] tokenHash, String id, String identity, String client, String scope, Instant madeAt) {
    this.tokenHash = tokenHash;
    this.id = id;
    this.identity = identity;
    this.client = client;
    this.scope = scope;
    this.madeAt = madeAt;
    this.usedAt = madeAt;
  }

  public static @Nullable RefreshToken lock(byte[] hash) {
    return RefreshToken.<RefreshToken>find("tokenHash", (Object) hash)
        .withLock(LockModeType.PESSIMISTIC_WRITE)
        .firstResult();
  }
}
