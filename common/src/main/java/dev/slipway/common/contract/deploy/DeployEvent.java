package dev.slipway.common.contract.deploy;

import dev.slipway.common.outbox.Event;
import dev.slipway.common.outbox.EventType;
import java.util.List;

/// What happened to an application, told by deploy-service on its event topic, keyed by the
/// application. Nothing here is secret.
public sealed interface DeployEvent extends Event {

  /// The topic they are told on.
  String TOPIC = "slipway.deploy.event.v1";

  /// The application, `app_…`.
  String application();

  /// What its organization calls it.
  String name();

  /// It exists and uses this instance.
  @EventType("slipway.deploy.application-registered.v1")
  record ApplicationRegistered(String application, String name, String instance)
      implements DeployEvent {}

  /// A version's migrations were run, and stay.
  ///
  /// @param changed whether they changed anything
  @EventType("slipway.deploy.version-migrated.v1")
  record VersionMigrated(String application, String name, String version, boolean changed)
      implements DeployEvent {}

  /// A version's migrations were undone.
  @EventType("slipway.deploy.version-unmigrated.v1")
  record VersionUnmigrated(String application, String name, String version)
      implements DeployEvent {}

  /// A version serves now.
  @EventType("slipway.deploy.version-deployed.v1")
  record VersionDeployed(String application, String name, String version) implements DeployEvent {}

  /// An earlier version serves again, its schema before it.
  ///
  /// @param undone the versions whose migrations were undone, newest first
  @EventType("slipway.deploy.version-rolled-back.v1")
  record VersionRolledBack(
      String application, String name, String from, String version, List<String> undone)
      implements DeployEvent {}

  /// The application's databases are on another instance now.
  @EventType("slipway.deploy.instance-changed.v1")
  record InstanceChanged(String application, String name, String from, String instance)
      implements DeployEvent {}

  /// The last executor of a version that no longer serves has ended.
  @EventType("slipway.deploy.version-drained.v1")
  record VersionDrained(String application, String name, String version) implements DeployEvent {}

  /// It is no more.
  @EventType("slipway.deploy.application-deleted.v1")
  record ApplicationDeleted(String application, String name, boolean databasesDropped)
      implements DeployEvent {}
}
