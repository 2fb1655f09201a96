package dev.slipway.deploy.domain;

import java.util.List;
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

  /// The application does not get there any more. What is there stays.
  void remove(String application, String instance);

  /// The instances on which it gets to databases, sorted: its own, and while it moves the other.
  List<String> everywhere(String application);
}
