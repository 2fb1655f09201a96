package dev.slipway.deploy.driver.docker;

import dev.slipway.deploy.driver.CommandSpecification;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What has happened to a version's folder, as a file in its container says: where the application
/// cannot write, and gone with it. Two folders with the same record and container are the same.
///
/// @param changes how often the platform wrote into it
/// @param ended   the runs before the last one that are not cleared, with their exit status; with
///     [#VANISHED] where nobody knows it
/// @param last    the run that the container was started for last; absent when it was cleared
/// @param before  the moment after which all that the container says is that run's
record FolderRecord(
    long changes, Map<String, Integer> ended, @Nullable String last, Instant before) {

  static final int VANISHED = -1;
  static final FolderRecord NEW = new FolderRecord(0, Map.of(), null, Instant.EPOCH);

  FolderRecord {
    ended = Map.copyOf(ended);
  }

  static FolderRecord parse(String text) {
    long changes = 0;
    Map<String, Integer> ended = new LinkedHashMap<>();
    @Nullable String last = null;
    Instant before = Instant.EPOCH;
    for (String line : text.lines().toList()) {
      String[] words = line.split(" ", -1);
      switch (words[0]) {
        case "changes" -> changes = Long.parseLong(words[1]);
        case "ended" ->
            ended.put(CommandSpecification.requireName(words[1]), Integer.parseInt(words[2]));
        case "last" -> last = CommandSpecification.requireName(words[1]);
        case "before" -> before = Instant.parse(words[1]);
        default -> throw new IllegalArgumentException("a record does not say " + words[0]);
      }
    }
    return new FolderRecord(changes, ended, last, before);
  }

  FolderRecord changed() {
    return new FolderRecord(changes + 1, ended, last, before);
  }

  /// The last run is over.
  ///
  /// @param until when the last of what it has said was said
  FolderRecord settled(int status, Instant until) {
    if (last == null) {
      return this;
    }
    var runs = new LinkedHashMap<>(ended);
    runs.put(last, status);
    return new FolderRecord(changes, runs, null, later(before, until));
  }

  /// @param until when the container has ended last
  FolderRecord begun(String run, Instant until) {
    return new FolderRecord(changes + 1, ended, run, later(before, until));
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  FolderRecord without(String run) {
    var runs = new LinkedHashMap<>(ended);
    runs.remove(run);
    return run.equals(last)
        ? new FolderRecord(changes + 1, runs, null, before)
        : new FolderRecord(changes, runs, last, before);
  }

  /// What was said until then is no later run's.
  FolderRecord heard(Instant until) {
    return new FolderRecord(changes, ended, last, later(before, until));
  }

  boolean knows(String run) {
    return run.equals(last) || ended.containsKey(run);
  }

  @Override
  public String toString() {
    String runs =
        ended.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(run -> "ended %s %d\n".formatted(run.getKey(), run.getValue()))
            .collect(Collectors.joining());
    return "changes %d\n".formatted(changes)
        + runs
        + (last == null ? "" : "last %s\n".formatted(last))
        + "before %s\n".formatted(before);
  }
}
