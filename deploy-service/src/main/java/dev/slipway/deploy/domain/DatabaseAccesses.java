package dev.slipway.deploy.domain;

import java.util.Optional;

/// How applications get to their databases, in the transaction of whoever calls, or in one of its
/// own.
public interface DatabaseAccesses {

  /// Adds or replaces the access of this application on this instance.
  void put(DatabaseAccess access);

  Optional<DatabaseAccess> find(String application, String instance);

  /// The databases and the role are known to be there.
  void ensured(String application, String instance);

  /// Whether they were made, or looked after, since the platform guards databases against breaking
  /// migrations.
  boolean guarded(String application, String instance);

  void remove(String application, String instance);
}
