package dev.slipway.deploy.operation;

import dev.slipway.deploy.domain.Bindings.Bound;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How far an operation that brings a version up has come.
///
/// @param inUse     executors run from the version's folder already, so nothing in it is made anew
/// @param from      the instance it leaves; absent when it stays where it is
/// @param target    the instance to move to; absent when it stays where it is
/// @param before    digest of the schema before the first command that may change it; absent until
///     it was read, and when nothing will change it
/// @param unmigrate versions that are to leave the record of the schema, newest first
/// @param undo      those of them that may have changed something
/// @param executors the new ones; empty until their ports are chosen
/// @param active    workflows of earlier versions that were active before the first command that
///     may change the schema, and must not be broken by it; empty when anything may be
public record Standing(
    boolean inUse,
    @Nullable String from,
    @Nullable Bound target,
    @Nullable String before,
    List<String> unmigrate,
    List<String> undo,
    List<Placement> executors,
    List<String> active) {

  /// Before the first step.
  static final Standing NONE =
      new Standing(false, null, null, null, List.of(), List.of(), List.of(), List.of());

  public Standing {
    unmigrate = List.copyOf(unmigrate);
    // What an older version has stored does not tell them apart.
    undo = List.copyOf(Objects.requireNonNullElse(undo, unmigrate));
    executors = List.copyOf(executors);
    active = List.copyOf(active);
  }

  /// Where one executor will listen.
  public record Placement(String executor, String host, int port, int adminPort) {}

  Standing inUse(boolean now) {
    return new Standing(now, from, target, before, unmigrate, undo, executors, active);
  }

  Standing moving(String old, Bound bound) {
    return new Standing(inUse, old, bound, before, unmigrate, undo, executors, active);
  }

  Standing surveyed(String digest) {
    return new Standing(inUse, from, target, digest, unmigrate, undo, executors, active);
  }

  Standing protecting(List<String> workflows) {
    return new Standing(inUse, from, target, before, unmigrate, undo, executors, workflows);
  }

  Standing unmigrating(List<String> newestFirst, List<String> changed) {
    return new Standing(inUse, from, target, before, newestFirst, changed, executors, active);
  }

  Standing placed(List<Placement> placements) {
    return new Standing(inUse, from, target, before, unmigrate, undo, placements, active);
  }
}
