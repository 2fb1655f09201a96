package dev.slipway.deploy.driver.docker;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.CommandSpecification;
import dev.slipway.deploy.driver.VersionReference;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Engine.Change;
import dev.slipway.docker.Engine.Seen;
import dev.slipway.docker.Turns.Turn;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Commands in versions' folders, one at a time in each: a run is a start of the folder's
/// container.
///
/// The container knows how its last run ended, its record the ends of those before; see
/// [FolderRecord].
final class CommandRuns {

  /// From here on a status may be the engine's word instead of the command's.
  private static final int DOUBTFUL = 125;

  private static final String EXITED = "slipway exited ";

  private final Engine engine;
  private final VersionFolders folders;
  private final Builds builds;
  private final Journals journals;

  /// What the record says of the run that a container was started for last; read again once that
  /// has ended.
  private final Map<String, FolderRecord> running = new ConcurrentHashMap<>();

  CommandRuns(Engine engine, VersionFolders folders, Builds builds, Journals journals) {
    this.engine = engine;
    this.folders = folders;
    this.builds = builds;
    this.journals = journals;
  }

  void begin(Turn turn, CommandSpecification command) throws DriverFailure, InterruptedException {
    VersionReference version = command.version();
    byte[] feed =
        Feed.of(command.commands(), command.environment(), Map.of(), command.secrets(), false);
    Seen folder = folders.require(turn, version);
    FolderRecord record = folders.record(folder);
    if (record.knows(command.name())) {
      return;
    }
    if (folder.running()) {
      throw new DriverFailure.Transient(
          "busy", "the version's run %s has not ended".formatted(record.last()));
    }
    running.remove(folder.id());
    record = settled(version, folder, record);
    record = record.begun(command.name(), ended(folder));
    folders.note(turn, folder, record);
    if (engine.start(turn, folder.name(), feed) == Change.MISSING) {
      folders.reconnect(version, folder);
      if (engine.start(turn, folder.name(), feed) == Change.MISSING) {
        throw new DriverFailure.Transient(
            "engine-failed", "the version's container does not start: its network is gone");
      }
    }
    running.put(folder.id(), record);
    journals.follow(version, command.name(), folder.id(), record.before());
  }

  private FolderRecord settled(VersionReference version, Seen folder, FolderRecord record)
      throws DriverFailure, InterruptedException {
    String run = record.last();
    if (run == null) {
      return record;
    }
    int status =
        last(version, folder, record) instanceof CommandRun.Exited exited
            ? exited.status()
            : FolderRecord.VANISHED;
    return record.settled(status, journals.settle(version, run, folder.id(), record.before()));
  }

  /// When the container has ended last.
  private static Instant ended(Seen folder) {
    return folder.finished().isEmpty() || folder.finished().startsWith("0001-")
        ? Instant.EPOCH
        : Instant.parse(folder.finished());
  }

  CommandRun look(VersionReference version, String name)
      throws DriverFailure, InterruptedException {
    Optional<CommandRun> build = builds.look(version, name);
    if (build.isPresent()) {
      return build.get();
    }
    Optional<Seen> folder = folders.look(version);
    if (folder.isEmpty()) {
      return new CommandRun.Absent();
    }
    FolderRecord begun = running.get(folder.get().id());
    if (begun != null && folder.get().running() && name.equals(begun.last())) {
      // Whoever waits asks often.
      return last(version, folder.get(), begun);
    }
    FolderRecord record = folders.record(folder.get());
    if (name.equals(record.last())) {
      return last(version, folder.get(), record);
    }
    Integer status = record.ended().get(name);
    if (status == null) {
      return new CommandRun.Absent();
    }
    return status == FolderRecord.VANISHED
        ? new CommandRun.Vanished()
        : new CommandRun.Exited(status);
  }

  /// What became of the run that the container was started for last.
  private CommandRun last(VersionReference version, Seen folder, FolderRecord record)
      throws DriverFailure, InterruptedException {
    String run = record.last();
    if (run == null) {
      return new CommandRun.Absent();
    }
    if (folder.running()) {
      return new CommandRun.Running(journals.lines(version, run, folder.id(), record.before()));
    }
    if (!folder.everStarted() || !ended(folder).isAfter(record.before())) {
      // Written down, and then whoever did so died before it was started.
      return new CommandRun.Vanished();
    }
    journals.settle(version, run, folder.id(), record.before());
    if (folder.exitCode() < DOUBTFUL) {
      return new CommandRun.Exited((int) folder.exitCode());
    }
    Integer said = said(folder, record.before());
    return said == null ? new CommandRun.Vanished() : new CommandRun.Exited(said);
  }

  /// The status as the first process has said it since it was started last; a container that was
  /// ended from outside has no last word of this run, and may have one of the run before.
  private @Nullable Integer said(Seen folder, Instant before)
      throws DriverFailure, InterruptedException {
    Instant started = Instant.parse(folder.started());
    List<String> words = new ArrayList<>();
    engine.follow(
        folder.id(),
        before.toString(),
        (error, at, line) -> {
          if (error && at.isAfter(before) && at.isAfter(started) && line.startsWith(EXITED)) {
            words.add(line);
          }
        });
    return words.isEmpty()
        ? null
        : Integer.valueOf(words.getLast().substring(EXITED.length()).strip());
  }

  List<String> tail(VersionReference version, String name, int lines)
      throws DriverFailure, InterruptedException {
    Optional<Seen> folder = folders.look(version);
    Instant since = builds.since(version, name).orElse(Instant.EPOCH);
    if (folder.isPresent()) {
      FolderRecord record = folders.record(folder.get());
      if (name.equals(record.last())) {
        since = record.before();
      }
    }
    return journals.tail(version, name, since, lines);
  }

  void clear(Turn turn, VersionReference version, Collection<String> names)
      throws DriverFailure, InterruptedException {
    builds.clear(version, names);
    Optional<Seen> claimed = folders.claimed(turn, version);
    if (claimed.isEmpty()) {
      return;
    }
    Seen folder = claimed.get();
    FolderRecord record = folders.record(folder);
    FolderRecord cleared = record;
    for (String name : names) {
      cleared = cleared.without(name);
    }
    if (cleared.equals(record)) {
      return;
    }
    String run = record.last();
    if (run != null && names.contains(run)) {
      if (folder.running()) {
        engine.kill(turn, folder.name());
      }
      Instant until = journals.settle(version, run, folder.id(), record.before());
      cleared = cleared.heard(until);
    }
    running.remove(folder.id());
    folders.note(turn, folder, cleared);
  }
}
