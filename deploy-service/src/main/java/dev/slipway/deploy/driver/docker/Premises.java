package dev.slipway.deploy.driver.docker;

import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.Trashed;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.driver.Folders;
import dev.slipway.deploy.driver.VersionReference;
import dev.slipway.docker.Claims;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Engine.Change;
import dev.slipway.docker.Engine.Image;
import dev.slipway.docker.Engine.Listed;
import dev.slipway.docker.Engine.Seen;
import dev.slipway.docker.Engine.Volume;
import dev.slipway.docker.Names;
import dev.slipway.docker.Networks;
import dev.slipway.docker.Turns.Turn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// All that there is of applications: containers, images, a volume each, logs. What of it is whose,
/// how it is removed, and that it is gone.
final class Premises {

  private final DockerRuntimeSettings settings;
  private final Engine engine;
  private final Names names;
  private final Networks networks;
  private final Claims claims;
  private final VersionFolders folders;
  private final ExecutorContainers executors;
  private final Builds builds;
  private final Journals journals;

  Premises(
      DockerRuntimeSettings settings,
      Engine engine,
      Names names,
      Networks networks,
      Claims claims,
      VersionFolders folders,
      ExecutorContainers executors,
      Builds builds,
      Journals journals) {
    this.settings = settings;
    this.engine = engine;
    this.names = names;
    this.networks = networks;
    this.claims = claims;
    this.folders = folders;
    this.executors = executors;
    this.builds = builds;
    this.journals = journals;
  }

  static Resource folder(VersionReference version) {
    return new Resource("directory", version.application() + '/' + version.version());
  }

  static Resource process(String executor) {
    return new Resource("process", executor);
  }

  // ---- What there is

  private static boolean isExecutor(Map<String, String> labels) {
    return ExecutorContainers.EXECUTOR.equals(labels.get(VersionFolders.ROLE));
  }

  /// Whether a build makes it, or has left it behind.
  private static boolean isOfABuild(Map<String, String> labels) {
    return VersionFolders.BUILD.equals(labels.get(VersionFolders.ROLE));
  }

  private static @Nullable VersionReference version(Map<String, String> labels) {
    try {
      return new VersionReference(
          labels.getOrDefault(Names.APPLICATION, ""), labels.getOrDefault(Names.VERSION, ""));
    } catch (IllegalArgumentException notAVersion) {
      return null;
    }
  }

  List<Found> inventory() throws DriverFailure, InterruptedException {
    var found = new LinkedHashSet<Found>();
    var seen = new HashSet<String>();
    var trashed = new HashSet<String>();
    var building = new HashSet<String>();
    for (Listed listed : engine.containers(names.everything())) {
      if (Names.inTrash(listed.name())) {
        trashed.add(listed.labels().getOrDefault(Names.APPLICATION, ""));
        continue;
      }
      VersionReference version = version(listed.labels());
      if (version == null) {
        building.add(listed.labels().getOrDefault(Names.APPLICATION, ""));
        continue;
      }
      seen.add(version.application());
      found.add(
          isExecutor(listed.labels())
              ? new Found(
                  version.application(),
                  process(listed.labels().getOrDefault(ExecutorContainers.ID, "")),
                  "container " + listed.name())
              : new Found(version.application(), folder(version), "container " + listed.name()));
    }
    List<Image> images = engine.images(names.everything());
    for (Image image : images) {
      VersionReference version = version(image.labels());
      if (version != null
          && found.stream().noneMatch(it -> it.resource().equals(folder(version)))) {
        seen.add(version.application());
        found.add(
            new Found(
                version.application(),
                folder(version),
                "image " + (image.names().isEmpty() ? image.id() : image.names().getFirst())));
      }
    }
    // What is left of an application of which no version is, but for what the trash has.
    for (String application : others(images, building)) {
      if (!trashed.contains(application) && seen.add(application)) {
        found.add(
            new Found(
                application, new Resource("directory", application), "volume, packages or logs"));
      }
    }
    return List.copyOf(found);
  }

  private Set<String> others(List<Image> images, Set<String> building)
      throws DriverFailure, InterruptedException {
    var others = new HashSet<String>();
    for (Volume volume : engine.volumes(names.everything())) {
      others.add(volume.labels().getOrDefault(Names.APPLICATION, ""));
    }
    for (Image image : images) {
      others.add(image.labels().getOrDefault(Names.APPLICATION, ""));
    }
    others.addAll(building);
    if (Files.isDirectory(settings.directory())) {
      try (Stream<Path> logs = Files.list(settings.directory())) {
        logs.forEach(folder -> others.add(folder.getFileName().toString()));
      } catch (IOException e) {
        throw new DriverFailure.Transient(
            "unreadable", "the folder of applications cannot be read", e);
      }
    }
    others.removeIf(name -> !isApplication(name));
    return others;
  }

  private static boolean isApplication(String name) {
    try {
      VersionReference.requireApplication(name);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  // ---- Removing

  void discard(Turn turn, VersionReference version) throws DriverFailure, InterruptedException {
    builds.discard(version);
    for (Listed listed : claims.containers(version.application())) {
      if (version.equals(version(listed.labels()))) {
        remove(turn, version, listed);
      } else if (isOfABuild(listed.labels())) {
        engine.remove(turn, listed.id());
      }
    }
    for (Image image : childrenFirst(version.application())) {
      if (version.version().equals(image.labels().get(Names.VERSION))) {
        remove(image);
      }
      for (String name : image.names()) {
        if (VersionFolders.isStage(name, version)) {
          engine.removeImage(name);
        }
      }
      if (isOfABuild(image.labels()) && image.names().isEmpty()) {
        remove(image);
      }
    }
    networks.removeUnused();
  }

  private void remove(Turn turn, VersionReference version, Listed listed)
      throws DriverFailure, InterruptedException {
    if (isExecutor(listed.labels())) {
      executors.stop(
          turn, version, listed.labels().getOrDefault(ExecutorContainers.ID, ""), Duration.ZERO);
      return;
    }
    // Takes the folder's containers, puts aside what was being changed, and leaves one.
    Optional<Listed> claimed = folders.claim(turn, version);
    if (claimed.isPresent()) {
      engine.remove(turn, claimed.get().name());
      journals.forget(claimed.get().id());
    }
  }

  /// What is committed of a folder, then what the folder was made of.
  private List<Image> childrenFirst(String application) throws DriverFailure, InterruptedException {
    return engine.images(names.of(Names.APPLICATION, application)).stream()
        .sorted(
            Comparator.comparing(
                image ->
                    isOfABuild(image.labels())
                        || !image.labels().getOrDefault(VersionFolders.TREE, "").isEmpty()))
        .toList();
  }

  private void remove(Image image) throws DriverFailure, InterruptedException {
    for (String name : image.names()) {
      engine.removeImage(name);
    }
    if (image.names().isEmpty()) {
      engine.removeImage(image.id());
    }
  }

  Gone destroy(Turn turn, String application, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    builds.destroy(application);
    var resources = resources(application, expected);
    for (Listed listed : claims.containers(application)) {
      VersionReference version = version(listed.labels());
      if (version != null) {
        remove(turn, version, listed);
      }
    }
    removeRest(turn, application);
    return proveGone(application, resources);
  }

  private Set<Resource> resources(String application, Collection<Resource> expected)
      throws DriverFailure, InterruptedException {
    var resources = new LinkedHashSet<Resource>(expected);
    for (Found found : inventory()) {
      if (found.subject().equals(application)) {
        resources.add(found.resource());
      }
    }
    resources.add(new Resource("directory", application));
    return resources;
  }

  /// What builds have left, images, the volume, the logs.
  private void removeRest(Turn turn, String application)
      throws DriverFailure, InterruptedException {
    for (Listed listed : claims.containers(application)) {
      if (isOfABuild(listed.labels())) {
        engine.remove(turn, listed.id());
      }
    }
    for (Image image : childrenFirst(application)) {
      remove(image);
    }
    // Of somebody else's volume with that name nothing is the application's.
    if (claims.owns(names.volume(application))
        && engine.removeVolume(turn, names.volume(application)) == Change.REFUSED
        && !inTrash(application)) {
      throw new DriverFailure.Transient(
          "volume-in-use",
          "a container that is not the platform's uses the volume %s: remove it"
              .formatted(names.volume(application)));
    }
    try {
      Folders.remove(settings.directory().resolve(application));
    } catch (IOException e) {
      throw new DriverFailure.Transient("unreadable", "the logs cannot be removed", e);
    }
    networks.removeUnused();
  }

  private boolean inTrash(String application) throws DriverFailure, InterruptedException {
    return engine.containers(names.of(Names.APPLICATION, application)).stream()
        .anyMatch(listed -> Names.inTrash(listed.name()));
  }

  /// The folders of an application stay as containers that nobody finds, until somebody removes
  /// them.
  Trashed moveToTrash(Turn turn, String application, Collection<Resource> expected, Instant now)
      throws DriverFailure, InterruptedException {
    builds.destroy(application);
    var resources = resources(application, expected);
    @Nullable Resource trash = null;
    for (Listed listed : claims.containers(application)) {
      VersionReference version = version(listed.labels());
      if (version == null || isExecutor(listed.labels())) {
        if (version != null) {
          remove(turn, version, listed);
        }
        continue;
      }
      Optional<Listed> claimed = folders.claim(turn, version);
      if (claimed.isPresent()) {
        if (engine.inspect(claimed.get().name()).filter(Seen::running).isPresent()) {
          engine.kill(turn, claimed.get().name());
        }
        String name = names.trash(application + '-' + version.version(), now);
        if (engine.rename(turn, claimed.get().name(), name) != Change.DONE) {
          throw claims.vanished(turn);
        }
        journals.forget(claimed.get().id());
        trash = new Resource("trash", name);
      }
    }
    removeRest(turn, application);
    return new Trashed(trash, proveGone(application, resources));
  }

  // ---- Proving

  Gone proveGone(String application, Collection<Resource> things)
      throws DriverFailure, InterruptedException {
    List<Listed> containers = claims.containers(application);
    List<Image> images =
        inTrash(application) ? List.of() : engine.images(names.of(Names.APPLICATION, application));
    var proofs = new HashMap<Resource, String>();
    for (Resource thing : things) {
      proofs.put(thing, proof(thing, application, containers, images));
    }
    return new Gone(proofs);
  }

  private String proof(
      Resource resource, String application, List<Listed> containers, List<Image> images)
      throws DriverFailure, InterruptedException {
    return switch (resource.kind()) {
      case "directory" -> {
        if (resource.name().equals(application)) {
          if (!containers.isEmpty() || !images.isEmpty()) {
            throw new DriverFailure.Transient(
                "directory-remains", "containers or images of the application are still there");
          }
          yield "the engine has no container and no image of it";
        }
        String version = resource.name().substring(resource.name().indexOf('/') + 1);
        if (containers.stream()
                .anyMatch(
                    listed ->
                        !isExecutor(listed.labels())
                            && version.equals(listed.labels().get(Names.VERSION)))
            || images.stream()
                .anyMatch(image -> version.equals(image.labels().get(Names.VERSION)))) {
          throw new DriverFailure.Transient(
              "directory-remains", "the version's container or image is still there");
        }
        yield "the engine has no such container and no such image";
      }
      case "process" -> {
        if (containers.stream()
            .anyMatch(
                listed -> resource.name().equals(listed.labels().get(ExecutorContainers.ID)))) {
          throw survivor();
        }
        yield "the engine has no such container";
      }
      case "port" -> {
        if (containers.stream()
            .anyMatch(
                listed ->
                    List.of(
                            listed
                                .labels()
                                .getOrDefault(ExecutorContainers.ENDPOINTS, "")
                                .split(" ", -1))
                        .contains(resource.name()))) {
          throw survivor();
        }
        yield "no container of the application publishes it";
      }
      default ->
          throw new DriverFailure.Permanent(
              "resource-unknown", "this runtime does not make a " + resource.kind());
    };
  }

  private static DriverFailure survivor() {
    return new DriverFailure.Transient(
        "process-survives", "a process of this application does not end");
  }

  // ---- Listening

  /// Lets everything that runs be listened to, whoever started it.
  void listen() throws DriverFailure, InterruptedException {
    for (Listed listed : engine.containers(names.everything())) {
      VersionReference version = version(listed.labels());
      if (version == null || !listed.running() || journals.follows(listed.id())) {
        continue;
      }
      if (isExecutor(listed.labels())) {
        journals.follow(
            version,
            listed.labels().getOrDefault(ExecutorContainers.ID, ""),
            listed.id(),
            Instant.EPOCH);
        continue;
      }
      Optional<Seen> folder = engine.inspect(listed.id());
      if (folder.isPresent()) {
        FolderRecord record = folders.record(folder.get());
        String run = record.last();
        if (run != null) {
          journals.follow(version, run, listed.id(), record.before());
        }
      }
    }
    networks.join();
  }
}
