package dev.slipway.account.persistence;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What signs in.
@Entity
public class Identity extends PanacheEntityBase {

  @Id public String id;

  public String name;

  public @Nullable String email;

  @Column(name = "password_hash")
  public String passwordHash;

  @Column(name = "created_at")
  public Instant createdAt;

  /// For Hibernate.
  @SuppressWarnings("NullAway.Init")
  protected Identity() {}

  public Identity(
      String id, String name, @Nullable String email, String passwordHash, Instant createdAt) {
    this.id = id;
    this.name = name;
    this.email = email;
    this.passwordHash = passwordHash;
    this.createdAt = createdAt;
  }

  public static @Nullable Identity named(String name) {
    return find("name", name).firstResult();
  }
}
