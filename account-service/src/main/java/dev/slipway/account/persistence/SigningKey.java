package dev.slipway.account.persistence;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/// A key of access tokens, its private half encrypted.
@Entity
@Table(name = "signing_key")
public class SigningKey extends PanacheEntityBase {

  @Id public String id;

  @Column(name = "public_key")
  public byte[] publicKey;

  @Column(name = "private_key_encrypted")
  public byte[] privateKeyEncrypted;

  @Column(name = "made_at")
  public Instant madeAt;

  /// For Hibernate.
  @SuppressWarnings("NullAway.Init")
  protected SigningKey() {}

  public SigningKey(String id, byte[] publicKey, byte[] privateKeyEncrypted, Instant madeAt) {
    this.id = id;
    this.publicKey = publicKey;
    this.privateKeyEncrypted = privateKeyEncrypted;
    this.madeAt = madeAt;
  }
}
