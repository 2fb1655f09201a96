package dev.slipway.docker;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Epochs;
import dev.slipway.common.operation.Fence;
import dev.slipway.docker.Engine.Change;
import dev.slipway.docker.Engine.Listed;
import dev.slipway.docker.Engine.Volume;
import dev.slipway.docker.Turns.Turn;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Who may act on which subject.
///
/// The name of a container ends in the epoch of whoever acts on it. Each act first makes the
/// container its own by renaming it, which the engine does as a whole, and from then on calls it by
/// that name only: start, stop, remove and write of who was overtaken find no such container. The
/// one request that needs nothing to be there is the one that makes it, so whoever has made one
/// looks at the epochs once more before going on, and takes back what it made when it was
/// overtaken. The highest epoch of a subject is the control database's, which outlives everything
/// on the engine.
public final class Claims {

  private static final int TRIES = 8;

  private final Engine engine;
  private final Names names;
  private final Epochs epochs;
  private final String kind;
  private final String word;
  private final Turns turns = new Turns();

  /// Lists the containers that are meant; asked anew whenever something was changed.
  @FunctionalInterface
  public interface Listing {
    List<Listed> list() throws DriverFailure, InterruptedException;
  }

  /// What happened to who made a container too late.
  ///
  /// @param takenBack whether the container was removed; else somebody has it by now
  public record Overtaken(DriverFailure failure, boolean takenBack) {}

  /// @param kind of the subjects: [Names#INSTANCE] or [Names#APPLICATION]
  public Claims(Engine engine, Names names, Epochs epochs, String kind) {
    this.engine = engine;
    this.names = names;
    this.epochs = epochs;
    this.kind = kind;
    this.word = kind.substring(kind.lastIndexOf('.') + 1);
  }

  /// Takes the turn of a subject and makes sure that nobody has overtaken it.
  public Turn enter(Fence fence, String subject) throws DriverFailure, InterruptedException {
    requireSubject(fence, subject);
    Turn turn = turns.enter(fence);
    try {
      requireCurrent(fence);
      return turn;
    } catch (DriverFailure failure) {
      turn.close();
      throw failure;
    }
  }

  /// Takes the turn of a subject for somebody who has no epoch of his own: under the highest one.
  public Turn enterUnfenced(String subject) throws DriverFailure, InterruptedException {
    return turns.enter(new Fence(subject, Math.max(1, highest(subject))));
  }

  /// For what is done inside a container, which keeps the fence itself.
  public void require(Fence fence, String subject) throws DriverFailure {
    requireSubject(fence, subject);
    requireCurrent(fence);
  }

  private void requireSubject(Fence fence, String subject) {
    if (!fence.subject().equals(subject)) {
      throw new IllegalArgumentException("the fence is not this %s's".formatted(word));
    }
  }

  private void requireCurrent(Fence fence) throws DriverFailure {
    long highest = epochs.current(fence.subject());
    if (highest > fence.epoch()) {
      throw new DriverFailure.Fenced(fence, highest);
    }
  }

  private long highest(String subject) throws DriverFailure, InterruptedException {
    long highest = epochs.current(subject);
    for (Listed listed : containers(subject)) {
      highest = Math.max(highest, Names.epoch(listed.name()).orElse(0));
    }
    return highest;
  }

  /// The containers of a subject that are not in the trash.
  public List<Listed> containers(String subject) throws DriverFailure, InterruptedException {
    return engine.containers(names.of(kind, subject)).stream()
        .filter(it -> !Names.inTrash(it.name()))
        .toList();
  }

  /// Those of the containers that are a thing's, under whatever epoch.
  public List<Listed> of(String thing, List<Listed> containers) {
    String prefix = names.volume(thing) + '.';
    return containers.stream()
        .filter(
            listed ->
                listed.name().startsWith(prefix) && listed.name().indexOf('.', prefix.length()) < 0)
        .toList();
  }

  /// What an act calls the container of a subject that has one only.
  public String container(Turn turn) {
    return names.container(turn.subject(), turn.epoch());
  }

  /// The same as [#claim(Turn, String, Listing)] for a subject that has one container only.
  public Optional<Listed> claim(Turn turn) throws DriverFailure, InterruptedException {
    return claim(turn, turn.subject(), () -> containers(turn.subject()));
  }

  /// Renames the container of a thing to the epoch of this act; from then on nobody with a lower
  /// one can reach it.
  ///
  /// @param thing      what its name is, without the epoch
  /// @param containers those that are this thing, under whatever epoch
  public Optional<Listed> claim(Turn turn, String thing, Listing containers)
      throws DriverFailure, InterruptedException {
    String own = names.container(thing, turn.epoch());
    for (int tries = 0; tries < TRIES; tries++) {
      @Nullable Listed mine = null;
      @Nullable Listed other = null;
      for (Listed listed : containers.list()) {
        OptionalLong epoch = Names.epoch(listed.name());
        if (epoch.orElse(0) > turn.epoch()) {
          throw new DriverFailure.Fenced(turn.fence(), epoch.getAsLong());
        }
        if (listed.name().equals(own)) {
          mine = listed;
        } else {
          other = listed;
        }
      }
      if (other == null) {
        return Optional.ofNullable(mine);
      }
      if (mine == null) {
        engine.rename(turn, other.name(), own);
      } else {
        // Made by somebody who was overtaken and died before taking it back: never started.
        engine.remove(turn, other.name());
      }
    }
    throw new DriverFailure.Transient(
        "busy", "somebody else works on this %s's container".formatted(word));
  }

  /// After a container was made: whoever came later has raised the epoch before it acted, so either
  /// it is seen here, and the container is taken back, or it will find the container before that
  /// can be started.
  ///
  /// @return why its maker may not go on; empty when it may
  public Optional<Overtaken> overtaken(Turn turn, String container)
      throws DriverFailure, InterruptedException {
    long highest = highest(turn.subject());
    if (highest <= turn.epoch()) {
      return Optional.empty();
    }
    boolean takenBack = engine.remove(turn, container) == Change.DONE;
    return Optional.of(new Overtaken(new DriverFailure.Fenced(turn.fence(), highest), takenBack));
  }

  /// Why a container of this name could not be made.
  public DriverFailure taken(String name) throws DriverFailure, InterruptedException {
    return engine.inspect(name).filter(it -> !names.owns(it.labels())).isPresent()
        ? Refusals.foreign("container", name)
        : new DriverFailure.Transient("busy", "the engine still removes the container " + name);
  }

  /// What a request by name meant that found nothing: whoever renamed it has a higher epoch, or it
  /// was removed by hand.
  public DriverFailure vanished(Turn turn) throws DriverFailure {
    requireCurrent(turn.fence());
    return new DriverFailure.Transient(
        "busy", "the %s's container changed meanwhile".formatted(word));
  }

  /// The volume of a thing.
  ///
  /// @throws DriverFailure when there is one of its name that is somebody else's
  public Optional<Volume> volume(String thing) throws DriverFailure, InterruptedException {
    String name = names.volume(thing);
    Optional<Volume> found = engine.volume(name);
    if (found.isPresent() && !names.owns(found.get().labels())) {
      throw Refusals.foreign("volume", name);
    }
    return found;
  }

  /// Whether there is such a volume and it is this installation's. Somebody else's is none of a
  /// subject, whatever it is called: labels are given when a volume is made, and never change.
  public boolean owns(String volume) throws DriverFailure, InterruptedException {
    return engine.volume(volume).filter(it -> names.owns(it.labels())).isPresent();
  }
}
