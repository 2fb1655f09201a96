package dev.slipway.docker;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.docker.Engine.Change;
import dev.slipway.docker.Engine.Listed;
import dev.slipway.docker.Engine.Network;
import dev.slipway.docker.Engine.Volume;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/// The networks of organizations: each has one while it has instances or applications, which share
/// it. They belong to no subject and stand in no ledger; whoever comes first makes one, and whoever
/// removes something removes those that nobody needs any more.
///
/// Where the installation's own services are containers, those with the label [Names#JOINS] are in
/// every one of these networks: there is no other way from them to what runs in there.
public final class Networks {

  private static final int TRIES = 8;

  private final Engine engine;
  private final Names names;
  private final Reach reach;
  private final String self;
  private final ReentrantLock making = new ReentrantLock();

  /// In the container that this process runs in, if it does in one.
  public Networks(Engine engine, Names names, Reach reach) {
    this(engine, names, reach, Objects.requireNonNullElse(System.getenv("HOSTNAME"), ""));
  }

  /// @param self the beginning of the identifier of this process's container
  Networks(Engine engine, Names names, Reach reach, String self) {
    this.engine = engine;
    this.names = names;
    this.reach = reach;
    this.self = self;
  }

  /// The organization's network, made when there is none.
  public Network of(String organization) throws DriverFailure, InterruptedException {
    Map<String, String> labels = names.networkLabels(organization);
    boolean foreign = false;
    for (int tries = 0; tries < TRIES; tries++) {
      List<Network> found = engine.networks(labels);
      if (found.size() == 1) {
        if (tries > 0) {
          join(found);
        }
        return found.getFirst();
      }
      if (found.isEmpty()) {
        foreign = !make(organization, labels);
      } else {
        settle(labels, found);
      }
    }
    if (foreign) {
      throw Refusals.foreign("network", names.network(organization));
    }
    throw new DriverFailure.Transient("busy", "the organization's network comes and goes");
  }

  /// By one thread after the other: the engine refuses a second network of a name only when the
  /// first one is all there.
  ///
  /// @return false when somebody's has the name
  private boolean make(String organization, Map<String, String> labels)
      throws DriverFailure, InterruptedException {
    String name = names.network(organization);
    making.lockInterruptibly();
    try {
      return !engine.networks(labels).isEmpty()
          || engine.createNetwork(name, labels) != Change.REFUSED
          || !engine.networks(labels).isEmpty();
    } finally {
      making.unlock();
    }
  }

  /// Two services have made one each, and the engine starts nothing in either while both are there.
  /// All go but the oldest, and but one in which something runs; who was about to start something
  /// in another one finds it gone.
  private void settle(Map<String, String> labels, List<Network> found)
      throws DriverFailure, InterruptedException {
    for (Network network : found.reversed()) {
      if (engine.networks(labels).size() > 1) {
        remove(network);
      }
    }
  }

  /// Connects the installation's services to every network that they are not in: one that was
  /// started since, or a network whose maker died before it had done so. Networks that nobody needs
  /// are removed first: one whose last user went while it was being joined would stay for ever.
  public void join() throws DriverFailure, InterruptedException {
    if (reach == Reach.NETWORK) {
      join(removeUnused());
    }
  }

  private void join(List<Network> networks) throws DriverFailure, InterruptedException {
    if (reach != Reach.NETWORK || networks.isEmpty()) {
      return;
    }
    for (Listed service : services()) {
      for (Network network : networks) {
        if (!service.networks().contains(network.id())) {
          // Refused where another replica was first; missing when either is gone again.
          engine.connect(network.id(), service.id());
        }
      }
    }
  }

  /// The installation's services: those that want to join, and are in a network with this one that
  /// is no organization's, where anybody's image may have that label. What starts them cannot know
  /// the installation's identifier, which is made at its first start.
  private List<Listed> services() throws DriverFailure, InterruptedException {
    List<Listed> joining = engine.containers(Names.joining());
    Set<String> own = new HashSet<>();
    for (Listed container : joining) {
      if (!self.isEmpty() && container.id().startsWith(self)) {
        own.addAll(container.networks());
      }
    }
    engine.networks(names.everything()).forEach(network -> own.remove(network.id()));
    return joining.stream()
        .filter(container -> container.networks().stream().anyMatch(own::contains))
        .toList();
  }

  /// Removes the networks of organizations that have no container and no volume any more, besides
  /// what is in the trash. Who makes something at this moment finds its network gone when it starts
  /// the container, and makes it again.
  ///
  /// @return the others
  public List<Network> removeUnused() throws DriverFailure, InterruptedException {
    List<Network> networks = engine.networks(names.everything());
    if (networks.isEmpty()) {
      return networks;
    }
    Set<String> used = new HashSet<>();
    Set<String> trashed = new HashSet<>();
    for (Listed listed : engine.containers(names.everything())) {
      if (Names.inTrash(listed.name())) {
        trashed.addAll(listed.volumes());
      } else {
        used.add(listed.labels().getOrDefault(Names.ORGANIZATION, ""));
      }
    }
    for (Volume volume : engine.volumes(names.everything())) {
      if (!trashed.contains(volume.name())) {
        used.add(volume.labels().getOrDefault(Names.ORGANIZATION, ""));
      }
    }
    Map<Boolean, List<Network>> byUse =
        networks.stream()
            .collect(
                Collectors.partitioningBy(
                    it -> used.contains(it.labels().getOrDefault(Names.ORGANIZATION, ""))));
    for (Network network : byUse.getOrDefault(false, List.of())) {
      remove(network);
    }
    return byUse.getOrDefault(true, List.of());
  }

  private void remove(Network network) throws DriverFailure, InterruptedException {
    if (reach == Reach.NETWORK) {
      for (Listed service : services()) {
        if (service.networks().contains(network.id())) {
          engine.disconnect(network.id(), service.id());
        }
      }
    }
    if (engine.removeNetwork(network.id()) == Change.REFUSED) {
      // Somebody has started something in it meanwhile.
      join(List.of(network));
    }
  }
}
