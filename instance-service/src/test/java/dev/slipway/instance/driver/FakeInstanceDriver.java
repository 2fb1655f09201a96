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
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Keeps the driver contract in memory, fencing included.
///
/// What it made lives in a [Reality], which outlives the driver as servers outlive the service. A
/// [CrashPoint] is called before and after every act: it throws, or blocks like a suspended
/// process; an act that was overtaken meanwhile does nothing when it goes on.
public final class FakeInstanceDriver implements InstanceDriver {

  /// Where in an act the crash point is called.
  public enum Moment {
    BEFORE,
    AFTER
  }

  /// Called around every act; throwing an unchecked exception is a crash of the caller.
  @FunctionalInterface
  public interface CrashPoint {
    void reached(String act, Fence fence, Moment moment) throws DriverFailure, InterruptedException;
  }

  /// What exists outside of any driver object. Guarded by itself.
  public static final class Reality {
    private final Map<String, Server> servers = new TreeMap<>();
    private final Map<String, Long> highest = new HashMap<>();
    private final Map<String, Holder> holders = new HashMap<>();
    private final Set<String> trash = new HashSet<>();
    private final Set<Endpoint> strangers = new HashSet<>();

    /// Identifiers of all instances of which anything exists.
    public synchronized Set<String> instances() {
      return Set.copyOf(servers.keySet());
    }

    public synchronized boolean running(String instance) {
      Server server = servers.get(instance);
      return server != null && server.endpoint != null;
    }

    /// Whether a role could sign in with a password.
    public synchronized boolean signsIn(String instance, String role, String password) {
      Server server = servers.get(instance);
      ScramVerifier verifier = server == null ? null : server.roles.get(role);
      return running(instance) && verifier != null && verifier.matches(password.toCharArray());
    }

    /// Databases that people or applications made on an instance.
    public synchronized Set<String> databases(String instance) {
      Server server = servers.get(instance);
      return server == null ? Set.of() : Set.copyOf(server.databases.keySet());
    }

    /// Roles that belong to applications on an instance.
    public synchronized Set<String> applicationRoles(String instance) {
      Server server = servers.get(instance);
      return server == null ? Set.of() : Set.copyOf(server.applications.keySet());
    }

    /// The application a role is marked as; null when it is none's.
    public synchronized @Nullable String ownerOf(String instance, String role) {
      Server server = servers.get(instance);
      return server == null ? null : server.applications.get(role);
    }

    /// Whether a role that can sign in gets into a database.
    public synchronized boolean letsIn(String instance, String role, String database) {
      Server server = servers.get(instance);
      return running(instance)
          && server != null
          && (role.equals(server.databases.get(database))
              || (server.databases.containsKey(database)
                  && !server.applications.containsKey(role)));
    }

    /// A person makes a role and a database that it owns.
    public synchronized void make(String instance, String role, String database) {
      Server server = servers.get(instance);
      if (server != null) {
        server.roles.put(role, ScramVerifier.of("a person's".toCharArray()));
        server.databases.put(database, role);
      }
    }

    /// A role gives itself another password.
    public synchronized void changePassword(String instance, String role, String password) {
      Server server = servers.get(instance);
      if (server != null) {
        server.roles.put(role, ScramVerifier.of(password.toCharArray()));
      }
    }

    /// A person drops a role.
    public synchronized void drop(String instance, String role) {
      Server server = servers.get(instance);
      if (server != null) {
        server.roles.remove(role);
      }
    }

    /// The server dies, its data stays.
    public synchronized void kill(String instance) {
      Server server = servers.get(instance);
      if (server != null) {
        server.endpoint = null;
      }
    }

    /// Somebody else listens there from now on.
    public synchronized void occupy(Endpoint endpoint) {
      strangers.add(endpoint);
    }

    /// The highest epoch under which anybody acted on an instance, 0 when nobody did.
    public synchronized long highestEpoch(String instance) {
      return highest.getOrDefault(instance, 0L);
    }

    private synchronized boolean taken(Endpoint endpoint) {
      return strangers.contains(endpoint)
          || servers.values().stream().anyMatch(server -> endpoint.equals(server.endpoint));
    }
  }

  private static final class Server {
    private @Nullable Endpoint endpoint;
    private final Map<String, ScramVerifier> roles = new HashMap<>();

    /// The application of each role that has one.
    private final Map<String, String> applications = new HashMap<>();

    /// The owner of each database.
    private final Map<String, String> databases = new TreeMap<>();
  }

  private static final class Holder {
    private final long epoch;
    private boolean overtaken;

    private Holder(long epoch) {
      this.epoch = epoch;
    }
  }

  private interface Change {
    void make() throws DriverFailure;
  }

  private static final int FIRST_PORT = 1001;
  private static final int LAST_PORT = 1200;

  private final Reality reality;
  private final InstantSource clock;
  private volatile CrashPoint crashPoint = (act, fence, moment) -> {};
  private volatile Predicate<Endpoint> offered = endpoint -> true;

  public FakeInstanceDriver() {
    this(new Reality(), InstantSource.system());
  }

  public FakeInstanceDriver(Reality reality, InstantSource clock) {
    this.reality = reality;
    this.clock = clock;
  }

  public Reality reality() {
    return reality;
  }

  public void crashAt(CrashPoint point) {
    this.crashPoint = point;
  }

  /// Narrows the endpoints it has to offer.
  public void offerOnly(Predicate<Endpoint> predicate) {
    this.offered = predicate;
  }

  @Override
  public String name() {
    return "fake";
  }

  @Override
  public Set<DriverCapability> capabilities() {
    return Set.of();
  }

  @Override
  public Locality locality() {
    return new Locality.AnyReplica();
  }

  @Override
  public void prepare() {}

  @Override
  public Stream<Endpoint> freeEndpoints(String instance) {
    return IntStream.rangeClosed(FIRST_PORT, LAST_PORT)
        .mapToObj(port -> new Endpoint("localhost", port))
        .filter(offered)
        .filter(endpoint -> !reality.taken(endpoint));
  }

  @Override
  public Footprint footprint(InstanceSpecification specification) {
    return new Footprint(
        List.of(new Resource("port", specification.endpoint().toString())),
        List.of(directory(specification.instance())),
        List.of(process(specification.instance())));
  }

  private static Resource directory(String instance) {
    return new Resource("directory", instance);
  }

  private static Resource process(String instance) {
    return new Resource("process", instance);
  }

  @Override
  public void create(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    act(
        "create",
        fence,
        specification.instance(),
        () -> reality.servers.computeIfAbsent(specification.instance(), key -> new Server()));
  }

  @Override
  public void start(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    act(
        "start",
        fence,
        specification.instance(),
        () -> {
          Server server = reality.servers.get(specification.instance());
          if (server == null) {
            throw new DriverFailure.Permanent(
                "not-created", "this instance has no data to start from");
          }
          if (server.endpoint != null) {
            return;
          }
          if (reality.taken(specification.endpoint())) {
            throw new DriverFailure.Permanent(
                "port-taken", "another program listens on the instance's port");
          }
          server.endpoint = specification.endpoint();
        });
  }

  @Override
  public void secure(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    requireName(administrator);
    act(
        "secure",
        fence,
        specification.instance(),
        () -> reachable(specification).roles.put(administrator, verifier));
  }

  @Override
  public void requireRole(Fence fence, InstanceSpecification specification, String role)
      throws DriverFailure, InterruptedException {
    requireName(role);
    act("requireRole", fence, specification.instance(), () -> withRole(specification, role));
  }

  @Override
  public void resetPassword(
      Fence fence, InstanceSpecification specification, String role, ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    requireName(role);
    act(
        "resetPassword",
        fence,
        specification.instance(),
        () -> withRole(specification, role).roles.put(role, verifier));
  }

  private Server withRole(InstanceSpecification specification, String role) throws DriverFailure {
    Server server = reachable(specification);
    if (!server.roles.containsKey(role)) {
      throw new DriverFailure.Permanent("role-missing", "the instance has no such role any more");
    }
    return server;
  }

  @Override
  public void ensureDatabases(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      DatabaseSet set,
      ScramVerifier verifier)
      throws DriverFailure, InterruptedException {
    set.requireSubject(fence);
    actUnder(
        "ensureDatabases",
        fence,
        () -> {
          Server server = reachable(specification);
          String application = server.applications.get(set.role());
          if (server.roles.containsKey(set.role()) && !set.has(application)) {
            throw new DriverFailure.Permanent("role-taken", "the role is not this application's");
          }
          for (String database : set.databases()) {
            if (!set.role().equals(server.databases.getOrDefault(database, set.role()))) {
              throw new DriverFailure.Permanent(
                  "database-taken", "the database is not this application's");
            }
          }
          server.applications.put(set.role(), set.application());
          server.roles.put(set.role(), verifier);
          set.databases().forEach(database -> server.databases.put(database, set.role()));
        });
  }

  @Override
  public Gone dropDatabases(
      Fence fence,
      InstanceSpecification specification,
      String administrator,
      DatabaseSet set,
      Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    set.requireSubject(fence);
    var proofs = new HashMap<Resource, String>();
    actUnder(
        "dropDatabases",
        fence,
        () -> {
          Server server = reachable(specification);
          for (Resource resource : expected) {
            String name = set.nameOf(resource);
            if (resource.kind().equals("database")) {
              String owner = server.databases.getOrDefault(name, "");
              if (set.has(server.applications.get(owner))) {
                server.databases.remove(name);
              }
            }
            proofs.put(resource, "not in memory");
          }
          for (Resource resource : expected) {
            String name = set.nameOf(resource);
            if (resource.kind().equals("role") && set.has(server.applications.get(name))) {
              server.applications.remove(name);
              server.roles.remove(name);
            }
          }
        });
    return new Gone(proofs);
  }

  private static void requireName(String role) throws DriverFailure {
    if (role.isEmpty()
        || role.indexOf('\0') >= 0
        || role.startsWith("pg_")
        || Set.of("public", "none", "slipway", "postgres").contains(role)) {
      throw new DriverFailure.Permanent("role-refused", "this name cannot be given to a role");
    }
  }

  private Server reachable(InstanceSpecification specification) throws DriverFailure {
    Server server = reality.servers.get(specification.instance());
    if (server == null || server.endpoint == null) {
      throw new DriverFailure.Transient("unreachable", "the instance does not answer");
    }
    return server;
  }

  @Override
  public void stop(Fence fence, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    act("stop", fence, specification.instance(), () -> reality.kill(specification.instance()));
  }

  @Override
  public Gone destroy(Fence fence, String instance, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    act("destroy", fence, instance, () -> reality.servers.remove(instance));
    return proveGone(
        instance,
        Stream.concat(expected.stream(), Stream.of(directory(instance), process(instance)))
            .toList());
  }

  @Override
  public Gone proveGone(String instance, Collection<Resource> things) throws DriverFailure {
    var proofs = new HashMap<Resource, String>();
    for (Resource thing : things) {
      boolean there =
          thing.kind().equals("process")
              ? reality.running(instance)
              : thing.kind().equals("directory") && reality.instances().contains(instance);
      if (there) {
        throw new DriverFailure.Transient(thing.kind() + "-remains", "it is still there");
      }
      proofs.put(thing, "not in memory");
    }
    return new Gone(proofs);
  }

  @Override
  public Observation observe(InstanceSpecification specification) {
    synchronized (reality) {
      if (!reality.servers.containsKey(specification.instance())) {
        return Observation.down("it has no data", clock.instant());
      }
      return reality.running(specification.instance())
          ? Observation.up(clock.instant())
          : Observation.down("PostgreSQL is not running", clock.instant());
    }
  }

  @Override
  public List<Found> inventory() {
    var found = new ArrayList<Found>();
    synchronized (reality) {
      reality.servers.forEach(
          (instance, server) -> {
            found.add(new Found(instance, directory(instance), "folder"));
            if (server.endpoint != null) {
              found.add(new Found(instance, process(instance), "process"));
            }
          });
      for (String instance : reality.trash) {
        found.add(new Found(instance, new Resource("trash", instance), "folder in the trash"));
      }
    }
    return found;
  }

  @Override
  public Trashed moveToTrash(String instance, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    boolean there;
    synchronized (reality) {
      there = reality.servers.remove(instance) != null;
      if (there) {
        reality.trash.add(instance);
      }
    }
    return new Trashed(
        there ? new Resource("trash", instance) : null,
        proveGone(
            instance,
            Stream.concat(expected.stream(), Stream.of(directory(instance), process(instance)))
                .toList()));
  }

  private void act(String act, Fence fence, String instance, Change change)
      throws DriverFailure, InterruptedException {
    if (!fence.subject().equals(instance)) {
      throw new IllegalArgumentException("the fence is not this instance's");
    }
    actUnder(act, fence, change);
  }

  private void actUnder(String act, Fence fence, Change change)
      throws DriverFailure, InterruptedException {
    Holder holder = enter(fence);
    try {
      crashPoint.reached(act, fence, Moment.BEFORE);
      synchronized (reality) {
        if (holder.overtaken) {
          throw new DriverFailure.Fenced(fence, reality.highestEpoch(fence.subject()));
        }
        change.make();
      }
      crashPoint.reached(act, fence, Moment.AFTER);
    } finally {
      synchronized (reality) {
        reality.holders.remove(fence.subject(), holder);
      }
    }
  }

  private Holder enter(Fence fence) throws DriverFailure {
    synchronized (reality) {
      long highest = reality.highestEpoch(fence.subject());
      if (fence.epoch() < highest) {
        throw new DriverFailure.Fenced(fence, highest);
      }
      Holder other = reality.holders.get(fence.subject());
      if (other != null && other.epoch == fence.epoch()) {
        throw new DriverFailure.Transient(
            "busy", "another call works on this instance at the moment");
      }
      if (other != null) {
        other.overtaken = true;
      }
      var holder = new Holder(fence.epoch());
      reality.holders.put(fence.subject(), holder);
      reality.highest.put(fence.subject(), fence.epoch());
      return holder;
    }
  }
}
