package dev.slipway.deploy.database;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.DatabaseAccess;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;

/// The workflows of an application, in the SDK's tables. They can be seen and changed although no
/// executor runs, and whatever the SDK's version.
///
/// Every call throws `unreachable`, transient, when the database does not answer.
@Singleton
public final class Workflows {

  private final JdbcApplicationDatabases databases;

  @Inject
  public Workflows(JdbcApplicationDatabases databases) {
    this.databases = databases;
  }

  /// None when the SDK has no tables there.
  public List<Workflow> list(DatabaseAccess access, String systemDatabase, WorkflowFilter filter)
      throws DriverFailure {
    throw new UnsupportedOperationException(databases.toString());
  }

  /// Those that are in a queue; ENQUEUED and PENDING unless the filter says otherwise.
  public List<Workflow> queued(DatabaseAccess access, String systemDatabase, WorkflowFilter filter)
      throws DriverFailure {
    throw new UnsupportedOperationException();
  }

  /// PENDING and ENQUEUED become CANCELLED; nothing happens to one that has ended.
  ///
  /// @throws DriverFailure.Permanent `workflow-not-found`
  public void cancel(DatabaseAccess access, String systemDatabase, String workflow)
      throws DriverFailure {
    throw new UnsupportedOperationException();
  }

  /// Makes it PENDING again, out of its queue, with no attempts counted; nothing happens to one
  /// that succeeded or failed. It runs when an executor next recovers.
  ///
  /// @throws DriverFailure.Permanent `workflow-not-found`
  public void resume(DatabaseAccess access, String systemDatabase, String workflow)
      throws DriverFailure {
    throw new UnsupportedOperationException();
  }

  /// Begins a copy of it with the same inputs, from its first step. It runs when an executor next
  /// recovers.
  ///
  /// @return the identifier of the copy
  /// @throws DriverFailure.Permanent `workflow-not-found`
  public String restart(DatabaseAccess access, String systemDatabase, String workflow)
      throws DriverFailure {
    throw new UnsupportedOperationException();
  }
}
