package dev.slipway.instance.driver.docker;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.Locality;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.driver.Trashed;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Epochs;
import dev.slipway.common.operation.Fence;
import dev.slipway.docker.Claims;
import dev.slipway.docker.Confinement;
import dev.slipway.docker.Engine;
import dev.slipway.docker.ImagePull;
import dev.slipway.docker.Names;
import dev.slipway.docker.Networks;
import dev.slipway.docker.Reach;
import dev.slipway.docker.Turns.Turn;
import dev.slipway.instance.driver.DatabaseSet;
import dev.slipway.instance.driver.DriverCapability;
import dev.slipway.instance.driver.Footprint;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.Observation;
import dev.slipway.instance.driver.ServerCertificates;
import dev.slipway.instance.driver.SuperuserPasswords;
import dev.slipway.instance.driver.sql.Roles;
import dev.slipway.instance.driver.sql.ServerSessions;
import java.time.InstantSource;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Runs instances as containers: one container, one volume and one published port each, one
/// network for each organization.
///
/// [Claims] says who may act, [ServerStart] makes and starts, [Readiness] waits, [Removal] stops
/// and removes, [Sight] looks. What happens inside a server is [ServerSessions]', as with
/// processes.
///
/// Nothing is restarted by the engine: what ended is seen by the reconciler, which repairs it.
public final class DockerInstanceDriver implements InstanceDriver, AutoCloseable {

  private static final int LOG_MEGABYTES = 4;
  private static final int LOG_FILES = 2;

  private final DockerDriverSettings settings;
  private final InstantSource clock;
  private final Engine engine;
  private final Networks networks;
  private final Confinement confinement;
  private final ImagePull pull;
  private final ServerSessions sessions;
  private final Claims claims;
  private final ServerStart starts;
  private final Readiness readiness;
  private final Removal removal;
  private final Sight sight;

  private DockerInstanceDriver(
      DockerDriverSettings settings,
      ServerCertificates certificates,
      SuperuserPasswords passwords,
      Epochs epochs,
      InstantSource clock,
      Consumer<String> observer) {
    this.settings = settings;
    this.clock = clock;
    this.engine = new Engine(settings.host(), observer);
    Names names = new Names(settings.installation());
    this.networks = new Networks(engine, names, settings.reach());
    this.confinement = new Confinement(engine, settings.cpus(), 0, LOG_MEGABYTES, LOG_FILES);
    var recipe = new ServerContainer(settings, names, engine, confinement);
    this.pull = new ImagePull(engine, settings.image(), "slipway.docker.image");
    this.sessions =
        new ServerSessions(
            certificates,
            passwords,
            settings.signInInterval(),
            new Whereabouts(settings.reach(), networks));
    this.claims = new Claims(engine, names, epochs, Names.INSTANCE);
    this.starts =
        new ServerStart(
            engine, names, networks, claims, recipe, pull, settings, certificates, passwords);
    this.readiness = new Readiness(engine, claims, sessions, clock);
    this.removal =
        new Removal(engine, names, networks, claims, recipe, pull, clock, settings.stopPatience());
    this.sight = new Sight(engine, names, claims, sessions);
  }

  /// Opens the driver; the engine need not be there yet.
  ///
  /// @param epochs highest epoch of each instance: whoever acts has raised it before
  public static DockerInstanceDriver open(
      DockerDriverSettings settings,
      ServerCertificates certificates,
      SuperuserPasswords passwords,
      Epochs epochs,
      InstantSource clock) {
    return open(settings, certificates, passwords, epochs, clock, request -> {});
  }

  static DockerInstanceDriver open(
      DockerDriverSettings settings,
      ServerCertificates certificates,
      SuperuserPasswords passwords,
      Epochs epochs,
      InstantSource clock,
      Consumer<String> observer) {
    return new DockerInstanceDriver(settings, certificates, passwords, epochs, clock, observer);
  }

  @Override
  public void close() {
    engine.close();
  }

  @Override
  public String name() {
    return "docker";
  }

  @Override
  public Set<DriverCapability> capabilities() {
    return EnumSet.allOf(DriverCapability.class);
  }

  @Override
  public Locality locality() {
    return new Locality.AnyReplica();
  }

  @Override
  public void prepare() throws DriverFailure, InterruptedException {
    confinement.processors();
    if (!engine.hasImage(settings.image())) {
      throw pull.missing();
    }
    networks.removeUnused();
  }

  @Override
  public Stream<Endpoint> freeEndpoints(String instance) {
    // From inside a container the ports of the engine's host cannot be seen; the engine refuses one
    // that is taken.
    return settings.reach() == Reach.PUBLISHED ? settings.ports().free() : settings.ports().all();
  }

  @Override
  public Footprint footprint(InstanceSpecification specification) {
    String instance = specification.instance();
    return new Footprint(
        List.of(new Resource("port", specification.endpoint().toString())),
        List.of(Removal.volume(instance), Removal.container(instance)),
        List.of(Removal.process(instance)));
  }

  @Override
  public void create(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    try (Turn turn = claims.enter(fence, specification.instance())) {
      if (claims.claim(turn).isEmpty()) {
        starts.make(turn, specification, networks.of(specification.organization()));
      }
    }
  }

  @Override
  public void start(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    try (Turn turn = claims.enter(fence, specification.instance())) {
      starts.start(turn, specification);
      readiness.await(turn, specification);
    }
  }

  @Override
  public void secure(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    Roles.quoted(administrator);
    claims.require(fence, specification.instance());
    sessions.secure(
        fence,
        specification,
        administrator,
        verifier,
        List.of(ServerSessions.passwordName(specification.instance())));
  }

  @Override
  public void requireRole(Fence fence, InstanceSpecification specification, String role)
      throws DriverFailure, InterruptedException {
    Roles.quoted(role);
    claims.require(fence, specification.instance());
    sessions.requireRole(fence, specification, role);
  }

  @Override
  public void resetPassword(
      Fence fence, InstanceSpecification specification, String role, ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    Roles.quoted(role);
    claims.require(fence, specification.instance());
    sessions.resetPassword(fence, specification, role, verifier);
  }

  @Override
  public void ensureDatabases(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      DatabaseSet set,
      ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    sessions.ensureDatabases(fence, specification, administrator, set, verifier);
  }

  @Override
  public Gone dropDatabases(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      DatabaseSet set,
      Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    return sessions.dropDatabases(fence, specification, administrator, set, expected);
  }

  @Override
  public void stop(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    try (Turn turn = claims.enter(fence, specification.instance())) {
      removal.stop(turn);
    }
  }

  @Override
  public Gone destroy(Fence fence, String instance, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    try (Turn turn = claims.enter(fence, InstanceSpecification.requireIdentifier(instance))) {
      Gone gone = removal.destroy(turn, expected);
      sight.forget(instance);
      return gone;
    }
  }

  @Override
  public Gone proveGone(String instance, Collection<Resource> things)
      throws DriverFailure, InterruptedException {
    return removal.proveGone(instance, things);
  }

  @Override
  public Observation observe(InstanceSpecification specification) throws InterruptedException {
    return sight.of(specification, clock.instant());
  }

  @Override
  public List<Found> inventory() throws DriverFailure, InterruptedException {
    return sight.inventory();
  }

  @Override
  public Trashed moveToTrash(String instance, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    try (Turn turn = claims.enterUnfenced(InstanceSpecification.requireIdentifier(instance))) {
      Trashed trashed = removal.moveToTrash(turn, expected);
      sight.forget(instance);
      return trashed;
    }
  }
}
