package dev.slipway.common.contract.instance;

import dev.slipway.common.outbox.Event;
import dev.slipway.common.outbox.EventType;

/// What happened to an instance, told by instance-service on its event topic, keyed by the
/// instance. Nothing here is secret.
public sealed interface InstanceEvent extends Event {

  /// The topic they are told on.
  String TOPIC = "slipway.instance.event.v1";

  /// The instance, `ins_…`.
  String instance();

  /// What its organization calls it.
  String name();

  /// It answers.
  @EventType("slipway.instance.provisioned.v1")
  record InstanceProvisioned(
      String instance, String name, String administrator, String host, int port)
      implements InstanceEvent {}

  /// Somebody else's server is known now.
  @EventType("slipway.instance.linked.v1")
  record InstanceLinked(String instance, String name, String host, int port)
      implements InstanceEvent {}

  /// A linked server is forgotten.
  @EventType("slipway.instance.unlinked.v1")
  record InstanceUnlinked(String instance, String name) implements InstanceEvent {}

  /// A role has a new password.
  @EventType("slipway.instance.password-reset.v1")
  record PasswordReset(String instance, String name, String role) implements InstanceEvent {}

  /// It was seen down.
  @EventType("slipway.instance.unavailable.v1")
  record InstanceUnavailable(String instance, String name, String reason)
      implements InstanceEvent {}

  /// It was down and answers again.
  @EventType("slipway.instance.repaired.v1")
  record InstanceRepaired(String instance, String name) implements InstanceEvent {}

  /// It and all its data are gone.
  @EventType("slipway.instance.destroyed.v1")
  record InstanceDestroyed(String instance, String name) implements InstanceEvent {}
}
