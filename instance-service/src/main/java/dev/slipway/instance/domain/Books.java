package dev.slipway.instance.domain;

/// Reads what the control database says of an instance, whether or not it exists.
public interface Books {

  Bookkeeping of(String instance);
}
