package dev.slipway.account.persistence;

import io.quarkus.hibernate.orm.panache.Panache;

/// Names are given out one after the other: between asking whether one is free and taking it,
/// nobody else takes it.
public final class NameRegister {

  private static final long LOCK = 0x51_19_4E_41L;

  private NameRegister() {}

  /// Holds the register until the transaction ends.
  public static void open() {
    Panache.getEntityManager()
        .createNativeQuery("select cast(pg_advisory_xact_lock(?1) as text)", String.class)
        .setParameter(1, LOCK)
        .getSingleResult();
  }
}
