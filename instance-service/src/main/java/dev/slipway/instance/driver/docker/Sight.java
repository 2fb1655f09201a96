package dev.slipway.instance.driver.docker;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Found;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.docker.Claims;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Engine.Listed;
import dev.slipway.docker.Engine.Seen;
import dev.slipway.docker.Engine.Volume;
import dev.slipway.docker.Names;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.Observation;
import dev.slipway.instance.driver.sql.ServerSessions;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What can be seen of instances: one of them, or all that is on the engine. Changes nothing.
final class Sight {

  private static final int CONNECT_MILLIS = 1_000;

  private final Engine engine;
  private final Names names;
  private final Claims claims;
  private final ServerSessions sessions;

  /// Identifiers of containers, to be looked at without a search; a hint.
  private final Map<String, String> known = new ConcurrentHashMap<>();

  Sight(Engine engine, Names names, Claims claims, ServerSessions sessions) {
    this.engine = engine;
    this.names = names;
    this.claims = claims;
    this.sessions = sessions;
  }

  /// The next look searches, and signs in.
  void forget(String instance) {
    known.remove(instance);
    sessions.forget(instance);
  }

  Observation of(InstanceSpecification specification, Instant now) throws InterruptedException {
    try {
      Seen seen = look(specification.instance()).orElse(null);
      if (seen == null) {
        return Observation.down("it has no container", now);
      }
      if (!seen.running()) {
        return Observation.down(
            seen.outOfMemory()
                ? "PostgreSQL was killed: it used more memory than it may"
                : "PostgreSQL is not running",
            now);
      }
      return sessions.observe(specification, seen.id() + ' ' + seen.started(), now);
    } catch (DriverFailure failed) {
      return withoutEngine(specification, now);
    }
  }

  /// The engine is one thing, the servers it started another: they may outlive it.
  private Observation withoutEngine(InstanceSpecification specification, Instant now)
      throws InterruptedException {
    if (sessions.trySignIn(specification, now).isUp()) {
      return Observation.up(now);
    }
    Endpoint endpoint = sessions.reached(specification);
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(endpoint.host(), endpoint.port()), CONNECT_MILLIS);
      return Observation.unknown("the Docker engine does not answer", now);
    } catch (ConnectException refused) {
      return Observation.down(
          "the Docker engine does not answer, and nothing listens on the instance's port", now);
    } catch (IOException notToBeTold) {
      return Observation.unknown("the Docker engine does not answer", now);
    }
  }

  private Optional<Seen> look(String instance) throws DriverFailure, InterruptedException {
    String hint = known.get(instance);
    if (hint != null) {
      Optional<Seen> seen = engine.inspect(hint).filter(it -> !Names.inTrash(it.name()));
      if (seen.isPresent()) {
        return seen;
      }
      known.remove(instance);
    }
    List<Listed> all = claims.containers(instance);
    if (all.isEmpty()) {
      return Optional.empty();
    }
    Listed listed = all.stream().filter(Listed::running).findFirst().orElse(all.getFirst());
    known.put(instance, listed.id());
    return engine.inspect(listed.id());
  }

  List<Found> inventory() throws DriverFailure, InterruptedException {
    var found = new ArrayList<Found>();
    Set<String> trashed = new HashSet<>();
    for (Listed listed : engine.containers(names.everything())) {
      String instance = listed.labels().getOrDefault(Names.INSTANCE, "");
      if (!InstanceSpecification.isIdentifier(instance)) {
        continue;
      }
      if (Names.inTrash(listed.name())) {
        trashed.addAll(listed.volumes());
        found.add(
            new Found(
                instance,
                new Resource("trash", listed.name()),
                "container and volume in the trash"));
        continue;
      }
      found.add(new Found(instance, Removal.container(instance), "container " + listed.name()));
      if (listed.running()) {
        found.add(
            new Found(instance, Removal.process(instance), "running container " + listed.name()));
      }
    }
    for (Volume volume : engine.volumes(names.everything())) {
      String instance = volume.labels().getOrDefault(Names.INSTANCE, "");
      if (InstanceSpecification.isIdentifier(instance) && !trashed.contains(volume.name())) {
        found.add(new Found(instance, Removal.volume(instance), "volume " + volume.name()));
      }
    }
    return List.copyOf(found);
  }
}
