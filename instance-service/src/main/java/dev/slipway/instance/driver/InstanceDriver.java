package dev.slipway.instance.driver;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.Locality;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.driver.Trashed;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// Runs Postgres servers: the one port between instances and whatever they run on.
///
/// **Fencing.** Every call that changes something shows a [Fence] whose subject is the instance
/// itself, or the set of databases it is about. A driver keeps the highest epoch it has seen of
/// each instance for longer than the instance lives, and of each set for as long as its instance.
/// It refuses a lower one with [DriverFailure.Fenced], and what acts under a lower epoch when a
/// higher one arrives is stopped before the newcomer acts, even when it is suspended at that
/// moment. Two calls of the same epoch do not act at the same time: the second fails with
/// [DriverFailure.Transient] and the code `busy`.
///
/// **Repeating.** Every call may be repeated after any failure, any crash of the caller and any
/// crash of the driver, and ends in the same state. Names follow from identifiers alone.
///
/// **Failing.** Calls throw [DriverFailure] and [InterruptedException], nothing else that a caller
/// is expected to handle. An interrupted call has stopped acting by the time it throws. Codes
/// shared by all drivers:
///
/// | code | kind | meaning |
/// |---|---|---|
/// | `busy` | transient | another call acts on this instance under the same epoch |
/// | `starting` | transient | the server recovers or starts; call `start` again |
/// | `unreachable` | transient | no connection to the server |
/// | `disk-full` | permanent | no space left |
/// | `engine-unreachable` | transient | what runs the instances does not answer |
/// | `engine-refused` | permanent | what runs the instances does not let the platform in |
/// | `engine-failed` | transient | what runs the instances could not; it says why |
/// | `image-pulling` | transient | the image is being fetched; the message says how far |
/// | `image-missing` | permanent | the image is not there and cannot be fetched |
/// | `image-unsuitable` | permanent | the image is not one of Postgres |
/// | `networks-used-up` | permanent | no addresses are left for a network |
/// | `volume-in-use` | transient | something that is not the platform's uses the instance's data |
/// | `port-taken` | permanent | somebody else listens on the instance's endpoint |
/// | `not-created` | permanent | `start` of an instance that has no data |
/// | `server-failed` | permanent | the server will not start; the message has its last words |
/// | `server-died` | transient | the server was killed while it started |
/// | `role-refused` | permanent | Postgres or the platform keeps this role's name for itself |
/// | `role-missing` | permanent | there is no such role to give a password to |
/// | `role-taken` | permanent | the role of this name is not the application's |
/// | `database-taken` | permanent | the database of this name is not the application's |
/// | `database-in-use` | transient | something other than a connection keeps the database |
/// | `role-in-use` | permanent | something in a database of somebody else's belongs to the role |
/// | `sign-in-refused` | permanent | the server does not accept the platform's own password |
/// | `foreign` | permanent | what is there belongs to another installation, or to nobody known |
/// | `outcome-unknown` | unknown | the connection was lost while a change was being committed |
///
/// **Secrets.** Passwords arrive as [ScramVerifier] only. A driver writes no verifier and no
/// password of its own to a log, a command line, an environment or an exception, and to no file
/// but inside the server's own data, where Postgres keeps the verifiers.
public interface InstanceDriver {

  /// The name under which configuration chooses this driver: `process`, `docker`, `kubernetes`.
  String name();

  /// What it does beyond the contract.
  Set<DriverCapability> capabilities();

  /// Which replicas can act through this driver.
  Locality locality();

  /// Makes ready what the first `create` would otherwise have to wait for. Called at start, in the
  /// background; leaving it out costs time and nothing else.
  void prepare() throws DriverFailure, InterruptedException;

  /// Endpoints a new instance could have, nobody listening there at this moment, lazily and in the
  /// order to try. The driver allocates nothing: the caller takes the first whose ledger row it
  /// can write. Empty when none is free.
  Stream<Endpoint> freeEndpoints(String instance);

  /// The ledger rows to write before each act on this instance.
  Footprint footprint(InstanceSpecification specification);

  /// Makes the instance's data, complete and durable, or nothing that a later `create` or
  /// `destroy` does not replace. The instance has a system identifier of its own, and nobody but
  /// the platform could sign in to it.
  void create(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException;

  /// Runs the server; ends when it accepts connections. What a dead server left behind (processes,
  /// lock files) is cleared first, a living one is left as it is.
  void start(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException;

  /// Gives the platform's superuser this instance's own password and makes the administrator's
  /// role (LOGIN, CREATEDB, CREATEROLE, no superuser) with the given verifier, in one transaction
  /// that holds the fence.
  void secure(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      ScramVerifier verifier)
      throws DriverFailure, InterruptedException;

  /// Refuses with `role-missing` what [#resetPassword] would; no role is changed.
  void requireRole(Fence fence, InstanceSpecification specification, String role)
      throws DriverFailure, InterruptedException;

  /// Gives a role a new password. Open connections are kept, the server is not restarted. The
  /// fence is kept inside the database, in the same transaction.
  void resetPassword(
      Fence fence, InstanceSpecification specification, String role, ScramVerifier verifier)
      throws DriverFailure, InterruptedException;

  /// Makes an application's role and databases, or what is missing of them, and gives the role
  /// this verifier, also when it changed its password itself. The role may sign in and nothing
  /// else, has at most 60 connections, and owns the databases, to which nobody else is let in but
  /// the administrator, who acts there as that role.
  ///
  /// The subject of the fence is the set's, kept inside the server. A database cannot be made in a
  /// transaction, so whoever acts on a set holds a lock of its session in the server throughout; a
  /// newcomer ends that session, after which nothing its owner sends can take effect.
  ///
  /// Where the driver has the rights, the application's own database gets the guard that lets the
  /// server refuse breaking migrations.
  ///
  /// What an ancestor of the set left is the application's, and from then on bears its mark.
  ///
  /// @throws DriverFailure with `role-taken` or `database-taken` when what has such a name is not
  ///     this application's; nothing was changed then
  void ensureDatabases(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      DatabaseSet set,
      ScramVerifier verifier)
      throws DriverFailure, InterruptedException;

  /// Removes some of an application's databases and its role, in whatever state they are, with
  /// whoever is connected. What is called like that and is not the application's is left alone.
  /// What else the role owns becomes the administrator's.
  ///
  /// @param expected which of them, as [DatabaseSet#resources] names them
  /// @return a proof for each
  Gone dropDatabases(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      DatabaseSet set,
      Collection<Resource> expected)
      throws DriverFailure, InterruptedException;

  /// Ends the server: politely, then firmly, then with SIGKILL; no process of the instance is left
  /// when it returns.
  void stop(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException;

  /// Removes the instance in whatever state it is, also half created or already gone, and verifies
  /// it.
  ///
  /// @param expected the open ledger rows of the instance
  /// @return a proof for every expected resource and for whatever else of it was found
  Gone destroy(Fence fence, String instance, Collection<Resource> expected)
      throws DriverFailure, InterruptedException;

  /// Looks whether things of an instance are gone, and says for each how it was seen. Changes
  /// nothing, needs no fence.
  ///
  /// @throws DriverFailure transient, when one of them is still there
  Gone proveGone(String instance, Collection<Resource> things)
      throws DriverFailure, InterruptedException;

  /// Looks at the instance: cheap enough for once a second, with a real sign-in over TLS now and
  /// then. Changes nothing, needs no fence, and never throws because of what it sees.
  Observation observe(InstanceSpecification specification) throws InterruptedException;

  /// Everything that exists and carries this installation's identifier, in reality and not in any
  /// table: data, trash, processes.
  List<Found> inventory() throws DriverFailure, InterruptedException;

  /// Ends whatever runs of an instance that is nobody's and moves its data into the trash, for a
  /// person who asked for it by name. The subject may have no row that could have an epoch, so
  /// this acts under the highest epoch seen.
  ///
  /// @param expected the open ledger rows of the instance
  /// @return a proof for each of them and for whatever else of it was found
  Trashed moveToTrash(String instance, Collection<Resource> expected)
      throws DriverFailure, InterruptedException;
}
