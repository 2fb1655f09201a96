package dev.slipway.instance.driver.docker;

import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.docker.Claims;
import dev.slipway.docker.Claims.Overtaken;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Engine.Change;
import dev.slipway.docker.Engine.Listed;
import dev.slipway.docker.Engine.Network;
import dev.slipway.docker.Engine.Volume;
import dev.slipway.docker.ImagePull;
import dev.slipway.docker.Names;
import dev.slipway.docker.Networks;
import dev.slipway.docker.Reach;
import dev.slipway.docker.Turns.Turn;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.ServerCertificates;
import dev.slipway.instance.driver.SuperuserPasswords;
import dev.slipway.instance.driver.sql.ServerSessions;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Makes the containers of servers and starts them.
///
/// **First start.** A script in the volume makes the data with what the image has of Postgres; the
/// platform's role gets its verifier from a file. A mark in the volume says durably that this is
/// done. Without it nobody has data there yet, so a first start that was cut off begins again.
final class ServerStart {

  private static final int TRIES = 3;

  private final Engine engine;
  private final Names names;
  private final Networks networks;
  private final Claims claims;
  private final ServerContainer recipe;
  private final ImagePull pull;
  private final DockerDriverSettings settings;
  private final ServerCertificates certificates;
  private final SuperuserPasswords passwords;

  private volatile @Nullable User user;

  /// The image's user `postgres`.
  private record User(int number, int group) {}

  ServerStart(
      Engine engine,
      Names names,
      Networks networks,
      Claims claims,
      ServerContainer recipe,
      ImagePull pull,
      DockerDriverSettings settings,
      ServerCertificates certificates,
      SuperuserPasswords passwords) {
    this.engine = engine;
    this.names = names;
    this.networks = networks;
    this.claims = claims;
    this.recipe = recipe;
    this.pull = pull;
    this.settings = settings;
    this.certificates = certificates;
    this.passwords = passwords;
  }

  /// Makes the container, and the volume with it where there is none.
  void make(Turn turn, InstanceSpecification specification, Network network)
      throws DriverFailure, InterruptedException {
    String name = claims.container(turn);
    claims.volume(specification.instance());
    try {
      if (!engine.create(turn, recipe.command(turn, specification, name, network))) {
        throw claims.taken(name);
      }
    } catch (DriverFailure.Permanent failure) {
      throw failure.code().equals("image-missing") ? pull.missing() : failure;
    }
    Optional<Overtaken> overtaken = claims.overtaken(turn, name);
    if (overtaken.isPresent()) {
      if (overtaken.get().takenBack()) {
        takeBackVolume(turn);
      }
      throw overtaken.get().failure();
    }
  }

  /// The one that came with the container that was taken back.
  private void takeBackVolume(Turn turn) throws DriverFailure, InterruptedException {
    String data = names.volume(turn.subject());
    Optional<Volume> volume = engine.volume(data);
    if (volume.isPresent()
        && Long.toString(turn.epoch()).equals(volume.get().labels().get(Names.EPOCH))) {
      // Refused when the one who came later has it in use.
      engine.removeVolume(turn, data);
    }
  }

  /// Starts the container, made anew where it is not as it has to be; one that runs is left alone.
  void start(Turn turn, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    Network network = networks.of(specification.organization());
    Optional<Listed> claimed = claims.claim(turn);
    if (claimed.isEmpty()) {
      if (engine.volume(names.volume(specification.instance())).isEmpty()) {
        networks.removeUnused();
        throw new DriverFailure.Permanent("not-created", "this instance has no data to start from");
      }
      make(turn, specification, network);
    } else if (claimed.get().running()) {
      return;
    } else if (!recipe
        .recipe(specification, network)
        .equals(claimed.get().labels().get(Names.RECIPE))) {
      // Made with other settings, or for a network that was removed. Data without a container is
      // what `docker volume prune` removes, so there is none while an image is pulled.
      if (!engine.hasImage(settings.image())) {
        throw pull.missing();
      }
      engine.remove(turn, claimed.get().name());
      make(turn, specification, network);
    }
    launch(turn, specification, network);
  }

  private void launch(Turn turn, InstanceSpecification specification, Network network)
      throws DriverFailure, InterruptedException {
    String name = claims.container(turn);
    Network used = network;
    for (int tries = 0; tries < TRIES; tries++) {
      User owner = user(turn, name);
      byte[] files =
          ServerFiles.archive(
              specification.instance(),
              owner.number(),
              owner.group(),
              settings.reach() == Reach.PUBLISHED ? used.gateways() : List.of(),
              certificates.issue(List.of(Names.host(specification.instance()))),
              ownVerifier(specification.instance()));
      if (engine.write(turn, name, ServerFiles.VOLUME, files) != Change.DONE) {
        throw claims.vanished(turn);
      }
      if (engine.start(turn, name) == Change.DONE && isIn(turn, name, used)) {
        return;
      }
      // No such container: somebody came later. No such network: the last other instance of the
      // organization went.
      used = networks.of(specification.organization());
      if (engine.remove(turn, name) != Change.DONE) {
        throw claims.vanished(turn);
      }
      make(turn, specification, used);
    }
    throw new DriverFailure.Transient("busy", "the organization's network comes and goes");
  }

  /// A container that was never started is connected by the name of its network, and there may be
  /// another of that name meanwhile.
  private boolean isIn(Turn turn, String container, Network network)
      throws DriverFailure, InterruptedException {
    for (Listed listed : claims.containers(turn.subject())) {
      if (listed.name().equals(container)) {
        return listed.networks().contains(network.id());
      }
    }
    throw claims.vanished(turn);
  }

  private ScramVerifier ownVerifier(String instance) {
    char[] own = passwords.of(ServerSessions.passwordName(instance));
    try {
      return ScramVerifier.ofKey(own);
    } finally {
      Arrays.fill(own, '\0');
    }
  }

  /// Images number their users as they like.
  private User user(Turn turn, String container) throws DriverFailure, InterruptedException {
    User found = user;
    if (found != null) {
      return found;
    }
    for (String line : accounts(turn, container).lines().toList()) {
      String[] fields = line.split(":", -1);
      if (fields.length > 3 && fields[0].equals("postgres")) {
        found = new User(Integer.parseInt(fields[2]), Integer.parseInt(fields[3]));
        user = found;
        return found;
      }
    }
    throw new DriverFailure.Permanent(
        "image-unsuitable",
        "the image %s has no user postgres; name one that behaves as the public image postgres with slipway.docker.image"
            .formatted(settings.image()));
  }

  /// A container that is not there any more is none without accounts.
  private String accounts(Turn turn, String container) throws DriverFailure, InterruptedException {
    Optional<String> found = engine.read(container, "/etc/passwd");
    if (found.isEmpty() && engine.inspect(container).isEmpty()) {
      throw claims.vanished(turn);
    }
    return found.orElse("");
  }
}
