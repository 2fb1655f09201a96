package dev.slipway.deploy.driver;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.Locality;
import dev.slipway.common.driver.Trashed;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Runs applications: the one port between applications and whatever they run on.
///
/// **Fencing.** Every call that changes something shows a [Fence] whose subject is the application.
/// A driver keeps the highest epoch it has seen of each application for longer than the application
/// lives, and refuses a lower one with [DriverFailure.Fenced]. What acts under a lower epoch when a
/// higher one arrives is stopped before the newcomer acts. Commands and executors that were begun
/// are not acts: they run on, under whatever epoch, until they end or are ended.
///
/// **Supervision.** Commands and executors run in sessions of their own, below a small supervisor
/// that is not a child of the service. They outlive it, and are found again by name.
///
/// **Repeating.** Every call may be repeated after any failure, any crash of the caller and any
/// crash of the driver, and ends in the same state. Names follow from identifiers alone.
///
/// **Failing.** Calls throw [DriverFailure] and [InterruptedException], nothing else that a caller
/// is expected to handle. Codes shared by all drivers:
///
/// | code | kind | meaning |
/// |---|---|---|
/// | `busy` | transient | another call acts on this application under the same epoch |
/// | `disk-full` | permanent | no space left |
/// | `port-taken` | permanent | somebody else listens on an executor's endpoint |
/// | `not-unpacked` | permanent | the version has no folder |
/// | `image-unsuitable` | permanent | nothing can run in what the version's own Dockerfile makes |
/// | `no-start-command` | permanent | nobody says how an executor starts |
/// | `untrusted` | permanent | applications cannot be kept apart here, and nobody said to trust
/// them |
/// | `foreign` | permanent | what is there belongs to another installation |
/// | `process-survives` | transient | a process does not end |
///
/// **Secrets.** They travel in the environment of processes and nowhere else: no file, no log, no
/// command line, no exception.
///
/// **Output.** What commands and executors write is kept from the first byte, masked and with the
/// time of each line, in the application's log folder; see `dev.slipway.deploy.log`.
public interface ApplicationRuntime {

  /// The name under which configuration chooses this runtime: `process`, `docker`, `kubernetes`.
  String name();

  /// Which replicas can act through this runtime.
  Locality locality();

  /// How well applications are kept from the platform and from each other, in words for `status`.
  String isolation();

  /// Where an application of this version finds the certificate of the authority that its database
  /// is to be verified with; a path for configuration and environment.
  default String certificateAuthority(VersionReference version) {
    return ".slipway/ca.pem";
  }

  /// Where it finds all the certificates that Node.js is to trust beside those it brings: that
  /// authority, and what the platform itself was told to trust on this machine (an authority of the
  /// network's own, between here and the registries of packages).
  default String trustedCertificates(VersionReference version) {
    return certificateAuthority(version);
  }

  /// Takes over an unpacked archive as the version's folder: complete, or nothing that a later call
  /// does not replace. The source is gone afterwards. A folder that is there already is kept, and
  /// the source removed.
  void adopt(Fence fence, VersionReference version, Path unpacked)
      throws DriverFailure, InterruptedException;

  /// A text file of the version, of at most 4 MiB; empty when there is none. Links are not
  /// followed.
  Optional<String> read(VersionReference version, String path) throws DriverFailure;

  /// Replaces a text file of the version.
  void write(Fence fence, VersionReference version, String path, String text)
      throws DriverFailure, InterruptedException;

  /// Begins a run, unless one of its name was begun in this version before and not cleared.
  void begin(Fence fence, CommandSpecification command) throws DriverFailure, InterruptedException;

  /// Whether a version's own Dockerfile is built, and what it makes is what the version runs from.
  default boolean builds() {
    return false;
  }

  /// Begins, as a run, to build the version's own Dockerfile from the files of its folder, unless
  /// one of its name was begun before and not cleared. It may end with this service; it is absent
  /// then, and begun again.
  ///
  /// @param secrets as in a [CommandSpecification]; the build itself is told nothing
  default void build(Fence fence, VersionReference version, String name, Set<String> secrets)
      throws DriverFailure, InterruptedException {
    throw new IllegalStateException(name() + " builds nothing");
  }

  /// Makes the version's folder anew from what that run has built, once it has ended well: commands
  /// run where the Dockerfile says, and an executor without commands starts as it says. Adopting
  /// the archive takes it back.
  ///
  /// @throws DriverFailure `image-unsuitable`, permanent, when nothing can run in that image
  default void useBuilt(Fence fence, VersionReference version, String name)
      throws DriverFailure, InterruptedException {
    throw new IllegalStateException(name() + " builds nothing");
  }

  /// What became of a run. Cheap; changes nothing.
  CommandRun look(VersionReference version, String name) throws DriverFailure;

  /// The last lines that a run has written, masked.
  List<String> tail(VersionReference version, String name, int lines) throws DriverFailure;

  /// Ends a run if it still lives, with everything it began, and forgets it. Its output is kept.
  void clear(Fence fence, VersionReference version, String name)
      throws DriverFailure, InterruptedException;

  /// The same for several runs, in one act where the driver can.
  default void clear(Fence fence, VersionReference version, Collection<String> names)
      throws DriverFailure, InterruptedException {
    for (String name : names) {
      clear(fence, version, name);
    }
  }

  /// Puts a kept tree of installed packages into the version's folder.
  ///
  /// @param tree digest that names it
  /// @return false when none of this name is kept; nothing was changed then
  boolean useTree(Fence fence, VersionReference version, String tree)
      throws DriverFailure, InterruptedException;

  /// Keeps the version's installed packages under a name, for versions to come. What is kept is
  /// never changed: a second call of this name changes nothing.
  void keepTree(Fence fence, VersionReference version, String tree)
      throws DriverFailure, InterruptedException;

  /// Forgets the kept trees that are not among these.
  void forgetTrees(Collection<String> needed) throws DriverFailure, InterruptedException;

  /// Endpoints a new executor could have, nobody listening there at this moment, lazily and in the
  /// order to try. The runtime allocates nothing: the caller takes the first two whose ledger rows
  /// it can write.
  Stream<Endpoint> freeEndpoints(String executor);

  /// Where an application of this runtime reaches an instance that the platform runs.
  ///
  /// @param published where the platform itself reaches it
  default Endpoint database(String instance, Endpoint published) {
    return published;
  }

  /// Where the platform itself reaches it.
  ///
  /// @param published where instance-service says that it is
  default Endpoint databaseForPlatform(String instance, Endpoint published) {
    return published;
  }

  /// Whether packages for development only are removed before a version serves. Where they stay,
  /// they cost nothing: versions share them.
  default boolean prunes() {
    return true;
  }

  /// The ledger's name for a version's folder.
  Resource folder(VersionReference version);

  /// The ledger's names for what an executor is: its process and its two ports.
  List<Resource> footprint(ExecutorSpecification executor);

  /// Launches an executor; returns once its supervisor lives, not when it is healthy. One that runs
  /// already is left as it is.
  void start(Fence fence, ExecutorSpecification executor)
      throws DriverFailure, InterruptedException;

  /// Looks at an executor. Changes nothing, needs no fence, never throws because of what it sees.
  ExecutorObservation observe(ExecutorSpecification executor) throws InterruptedException;

  /// Ends an executor: SIGTERM to all of it, SIGKILL after the grace; no process of it is left when
  /// it returns.
  void stop(Fence fence, VersionReference version, String executor, Duration grace)
      throws DriverFailure, InterruptedException;

  /// Removes a version's folder, ending what still runs in it.
  void discard(Fence fence, VersionReference version) throws DriverFailure, InterruptedException;

  /// Removes everything of an application, in whatever state it is, and verifies it.
  ///
  /// @param expected the open ledger rows of the application
  /// @return a proof for every expected resource and for whatever else of it was found
  Gone destroy(Fence fence, String application, Collection<Resource> expected)
      throws DriverFailure, InterruptedException;

  /// Looks whether things of an application are gone, and says for each how it was seen. Changes
  /// nothing, needs no fence.
  ///
  /// @throws DriverFailure transient, when one of them is still there
  Gone proveGone(String application, Collection<Resource> things)
      throws DriverFailure, InterruptedException;

  /// Ends whatever runs of an application that is nobody's and moves its folder into the trash, for
  /// a person who asked for it by name. Acts under the highest epoch seen.
  ///
  /// @param expected the open ledger rows of the application
  /// @return a proof for each of them and for whatever else of it was found
  Trashed moveToTrash(String application, Collection<Resource> expected)
      throws DriverFailure, InterruptedException;

  /// Everything that exists and carries this installation's identifier, in reality and not in any
  /// table.
  List<Found> inventory() throws DriverFailure, InterruptedException;
}
