package dev.slipway.deploy.domain;

import java.util.Map;

/// The record of every database that an application has or had, in the transaction of whoever
/// calls, or in one of its own. A database is known by its instance, which has one for each
/// application.
public interface SchemaRecords {

  /// What is applied there; nothing when nobody has noted anything.
  SchemaRecord at(String application, String instance);

  /// Of all databases, by instance.
  Map<String, SchemaRecord> of(String application);

  void put(String application, String instance, SchemaRecord now);

  /// The instance and every database on it are gone.
  void forget(String instance);
}
