package dev.slipway.instance.driver.docker;

import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.Trashed;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.docker.Claims;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Engine.Change;
import dev.slipway.docker.Engine.Listed;
import dev.slipway.docker.Engine.Seen;
import dev.slipway.docker.Engine.Volume;
import dev.slipway.docker.ImagePull;
import dev.slipway.docker.Names;
import dev.slipway.docker.Networks;
import dev.slipway.docker.Turns.Turn;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Stops instances, removes them or puts them into the trash, and proves what is gone.
///
/// **Trash.** A volume cannot be renamed, but the container that has it can: it stays, stopped, and
/// keeps the volume from being taken for unused.
///
/// @param patience how long connected clients may delay an orderly stop
record Removal(
    Engine engine,
    Names names,
    Networks networks,
    Claims claims,
    ServerContainer recipe,
    ImagePull pull,
    InstantSource clock,
    Duration patience) {

  private static final int TRIES = 8;

  static Resource volume(String instance) {
    return new Resource("volume", instance);
  }

  static Resource container(String instance) {
    return new Resource("container", instance);
  }

  static Resource process(String instance) {
    return new Resource("process", instance);
  }

  private static Set<Resource> all(String instance, Collection<Resource> expected) {
    var resources = new LinkedHashSet<Resource>(expected);
    resources.addAll(List.of(volume(instance), container(instance), process(instance)));
    return resources;
  }

  void stop(Turn turn) throws DriverFailure, InterruptedException {
    Optional<Listed> claimed = claims.claim(turn);
    if (claimed.isPresent() && claimed.get().running()) {
      halt(turn, claimed.get().name());
    }
  }

  private void halt(Turn turn, String container) throws DriverFailure, InterruptedException {
    if (engine.stop(turn, container, patience) != Change.DONE) {
      throw claims.vanished(turn);
    }
    if (engine.inspect(container).filter(Seen::running).isPresent()) {
      throw survives();
    }
  }

  private static DriverFailure survives() {
    return new DriverFailure.Transient(
        "process-survives", "a process of this instance does not end");
  }

  Gone destroy(Turn turn, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    String instance = turn.subject();
    for (int tries = 0; claims.claim(turn).isPresent(); tries++) {
      if (tries == TRIES) {
        throw new DriverFailure.Transient(
            "container-remains", "the instance's container cannot be removed");
      }
      engine.remove(turn, claims.container(turn));
    }
    String data = names.volume(instance);
    if (claims.owns(data)
        && engine.removeVolume(turn, data) == Change.REFUSED
        && !inTrash(instance)) {
      throw new DriverFailure.Transient(
          "volume-in-use",
          "a container that is not the platform's uses the volume %s: remove it".formatted(data));
    }
    networks.removeUnused();
    return proveGone(instance, all(instance, expected));
  }

  Trashed moveToTrash(Turn turn, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    String instance = turn.subject();
    @Nullable Resource folder = null;
    Optional<Volume> data = claims.volume(instance);
    Optional<Listed> claimed = claims.claim(turn);
    if (claimed.isEmpty() && data.isPresent() && !inTrash(instance)) {
      keep(turn, data.get());
      claimed = claims.claim(turn);
    }
    if (claimed.isPresent()) {
      String name = claimed.get().name();
      if (claimed.get().running()) {
        halt(turn, name);
      }
      String trash = names.trash(instance, clock.instant());
      if (engine.rename(turn, name, trash) != Change.DONE) {
        throw claims.vanished(turn);
      }
      folder = new Resource("trash", trash);
    }
    networks.removeUnused();
    return new Trashed(folder, proveGone(instance, all(instance, expected)));
  }

  /// A volume whose container was lost gets one that is never started.
  private void keep(Turn turn, Volume data) throws DriverFailure, InterruptedException {
    try {
      engine.create(turn, recipe.keeper(claims.container(turn), data));
    } catch (DriverFailure.Permanent failure) {
      throw failure.code().equals("image-missing") ? pull.missing() : failure;
    }
  }

  private boolean inTrash(String instance) throws DriverFailure, InterruptedException {
    return engine.containers(names.of(Names.INSTANCE, instance)).stream()
        .anyMatch(it -> Names.inTrash(it.name()) && it.volumes().contains(names.volume(instance)));
  }

  Gone proveGone(String instance, Collection<Resource> things)
      throws DriverFailure, InterruptedException {
    List<Listed> containers = claims.containers(instance);
    var proofs = new HashMap<Resource, String>();
    for (Resource thing : things) {
      proofs.put(thing, proof(thing, instance, containers));
    }
    return new Gone(proofs);
  }

  private String proof(Resource resource, String instance, List<Listed> containers)
      throws DriverFailure, InterruptedException {
    boolean runs = containers.stream().anyMatch(Listed::running);
    return switch (resource.kind()) {
      case "volume" -> {
        if (!claims.owns(names.volume(instance))) {
          yield "the engine has no such volume of this installation";
        }
        if (!inTrash(instance)) {
          throw new DriverFailure.Transient(
              "volume-remains", "the instance's volume is still there");
        }
        yield "it is the trash's";
      }
      case "container" -> {
        if (!containers.isEmpty()) {
          throw new DriverFailure.Transient(
              "container-remains", "the instance's container is still there");
        }
        yield "the engine has no such container";
      }
      case "process" -> {
        if (runs) {
          throw survives();
        }
        yield "no container of the instance runs";
      }
      case "port" -> {
        if (runs) {
          throw survives();
        }
        yield "no container of the instance publishes it";
      }
      default ->
          throw new DriverFailure.Permanent(
              "resource-unknown", "this driver does not make a " + resource.kind());
    };
  }
}
