package dev.slipway.account.persistence;

import dev.slipway.account.domain.DeviceGrant;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.LockModeType;
import jakarta.persistence.Table;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A device that waits for its user to sign in somewhere else.
@Entity
@Table(name = "device_authorization")
public class DeviceAuthorization extends PanacheEntityBase {

  @Id
  @Column(name = "device_code_hash")
  public byte[] deviceCodeHash;

  @Column(name = "user_code")
  public String userCode;

  public String client;

  public String scope;

  @Enumerated(EnumType.STRING)
  public DeviceGrant.State state;

  public @Nullable String identity;

  @Column(name = "made_at")
  public Instant madeAt;

  @Column(name = "expires_at")
  public Instant expiresAt;

  @Column(name = "polled_at")
  public @Nullable Instant polledAt;

  /// For Hibernate.
  @SuppressWarnings("NullAway.Init")
  protected DeviceAuthorization() {}

  public DeviceAuthorization(
      byte[] deviceCodeHash,
      String userCode,
      String client,
      String scope,
      Instant madeAt,
      Instant expiresAt) {
    this.deviceCodeHash = deviceCodeHash;
    this.userCode = userCode;
    this.client = client;
    this.scope = scope;
    this.state = DeviceGrant.State.PENDING;
    this.madeAt = madeAt;
    this.expiresAt = expiresAt;
  }

  public static @Nullable DeviceAuthorization lockByDeviceCode(byte[] hash) {
    return DeviceAuthorization.<DeviceAuthorization>find("deviceCodeHash", (Object) hash)
        .withLock(LockModeType.PESSIMISTIC_WRITE)
        .firstResult();
  }

  public static @Nullable DeviceAuthorization lockByUserCode(String userCode) {
    return DeviceAuthorization.<DeviceAuthorization>find("userCode", userCode)
        .withLock(LockModeType.PESSIMISTIC_WRITE)
        .firstResult();
  }

  public static @Nullable DeviceAuthorization byUserCode(String userCode) {
    return find("userCode", userCode).firstResult();
  }
}
