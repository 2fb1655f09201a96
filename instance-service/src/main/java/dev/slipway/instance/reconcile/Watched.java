package dev.slipway.instance.reconcile;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.instance.domain.InstanceKind;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.Observation;
import org.jspecify.annotations.Nullable;

/// An instance that has come into being, with what is stored of how it stands.
///
/// @param epoch  of its subject when this was read; whoever claims it raises it
/// @param idle   whether no operation has it
/// @param state  what was stored last; absent when nothing was
/// @param stale  whether that is so old that it has to be confirmed
record Watched(
    String id,
    String organization,
    String name,
    InstanceKind kind,
    Endpoint endpoint,
    String administrator,
    @Nullable String sealedPassword,
    long epoch,
    boolean idle,
    Observation.@Nullable State state,
    @Nullable String reason,
    boolean stale) {

  boolean linked() {
    return kind == InstanceKind.LINKED;
  }

  InstanceSpecification specification() {
    return new InstanceSpecification(id, organization, endpoint);
  }

  @Override
  public String toString() {
    return "Watched[" + id + ' ' + name + ']';
  }
}
