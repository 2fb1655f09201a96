package dev.slipway.deploy.domain;

import dev.slipway.common.operation.DriverFailure;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/// An application's own databases, as its role sees them, over TLS.
public interface ApplicationDatabases {

  /// Takes the platform's advisory lock on the application's database. Migrations and
  /// roll-backs run
  /// only under it.
  ///
  /// @throws DriverFailure.Transient `locked` when somebody else has it, `unreachable`
  Held lock(DatabaseAccess access, String database) throws DriverFailure, InterruptedException;

  /// How many workflows of a version are PENDING or ENQUEUED; 0 when the SDK has no tables there.
  ///
  /// @throws DriverFailure.Transient `unreachable`
  long activeWorkflows(DatabaseAccess access, String systemDatabase, String version)
      throws DriverFailure;

  /// Who has the PENDING workflows of a version, as `DBOS__VMID` said when they began;
  /// none when the SDK has no tables there.
  ///
  /// @throws DriverFailure.Transient `unreachable`
  Set<String> holders(DatabaseAccess access, String systemDatabase, String version)
      throws DriverFailure;

  /// PENDING workflows of a version that these still have are another's.
  ///
  /// @throws DriverFailure.Transient `unreachable`
  void handOver(
      DatabaseAccess access,
      String systemDatabase,
      String version,
      Collection<String> from,
      String to)
      throws DriverFailure;

  /// Workflows of other versions that are PENDING or ENQUEUED, the oldest first, no more than
  /// `most`; none when the SDK has no tables there.
  ///
  /// @throws DriverFailure.Transient `unreachable`
  List<String> activeWorkflowsOfOthers(
      DatabaseAccess access, String systemDatabase, String version, int most) throws DriverFailure;

  /// The lock, held on a connection of its own until it is closed; lost with that connection.
  interface Held extends AutoCloseable {

    /// Everything a migration can change: tables, columns, indexes, constraints, views, functions,
    /// types, and the rows of the history tables of known migration tools.
    Catalogue catalogue() throws DriverFailure;

    /// Frees the lock tables that known migration tools leave behind when they are killed. The
    /// caller has proved that none of them lives.
    ///
    /// @return what was freed, in words for the owner
    List<String> clearStaleLocks() throws DriverFailure;

    /// Has the server refuse whatever drops or renames a table or column that is there now, from
    /// this call until [#unguard], whoever asks for it and whatever becomes of this connection.
    ///
    /// @return false when the server cannot do that: nothing is guarded then
    boolean guard() throws DriverFailure;

    /// What was refused since [#guard], at most some of it, in words: `column email of
    /// public.users`. It can still be asked for after [#unguard].
    List<String> refused() throws DriverFailure;

    /// Ends the guard; nothing when there is none.
    void unguard() throws DriverFailure;

    @Override
    void close();
  }

  /// A state of the schema, to compare.
  ///
  /// @param digest    equal for equal states
  /// @param entries   one line for each thing, sorted
  /// @param untouched whether there is nothing that a new database has not
  record Catalogue(String digest, List<String> entries, boolean untouched) {

    public Catalogue {
      entries = List.copyOf(entries);
    }
  }
}
