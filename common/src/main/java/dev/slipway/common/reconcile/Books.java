package dev.slipway.common.reconcile;

/// Reads what the control database says of a subject, whether or not it exists.
public interface Books {

  Bookkeeping of(String subject);
}
