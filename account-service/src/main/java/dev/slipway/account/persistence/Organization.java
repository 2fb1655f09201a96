package dev.slipway.account.persistence;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.LockModeType;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What owns instances and applications.
@Entity
public class Organization extends PanacheEntityBase {

  @Id public String id;

  public String name;

  @Column(name = "created_at")
  public Instant createdAt;

  /// Set when its only member has left; the name is free from then on.
  @Column(name = "closed_at")
  public @Nullable Instant closedAt;

  /// For Hibernate.
  @SuppressWarnings("NullAway.Init")
  protected Organization() {}

  public Organization(String id, String name, Instant createdAt) {
    this.id = id;
    this.name = name;
    this.createdAt = createdAt;
  }

  /// The id of the open organization of this name. Ids are what locks are taken by.
  public static @Nullable String idOf(String name) {
    Organization found = find("name = ?1 and closedAt is null", name).firstResult();
    if (found == null) {
      return null;
    }
    // It is read again under its lock; what was read without it must not be found then.
    getEntityManager().detach(found);
    return found.id;
  }

  public static boolean isTaken(String name) {
    return count("name = ?1 and closedAt is null", name) > 0;
  }

  /// Locks in the order of ids, whatever order they are asked for in.
  public static List<Organization> lock(Collection<String> ids) {
    return Organization.<Organization>find("id in ?1 order by id", ids)
        .withLock(LockModeType.PESSIMISTIC_WRITE)
        .list();
  }
}
