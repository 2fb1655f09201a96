package dev.slipway.deploy.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which versions' migrations are applied in one of an application's databases, oldest first, those
/// that never served included.
public record SchemaRecord(List<Applied> applied) {

  /// Nothing of the application is applied there.
  public static final SchemaRecord NONE = new SchemaRecord(List.of());

  /// One version's share.
  ///
  /// @param changed whether its migrations changed anything there; absent until they were run
  /// @param digest  of the schema with its migrations as the newest; absent until it is known
  public record Applied(String version, @Nullable Boolean changed, @Nullable String digest) {}

  public SchemaRecord {
    applied = List.copyOf(applied);
  }

  public List<String> versions() {
    return applied.stream().map(Applied::version).toList();
  }

  public boolean contains(String version) {
    return versions().contains(version);
  }

  /// Whether its migrations changed anything; empty until they were run, and when they are not
  /// applied.
  public Optional<Boolean> changed(String version) {
    return applied.stream()
        .filter(it -> it.version().equals(version))
        .findFirst()
        .map(Applied::changed);
  }

  /// Whether there is something of it to undo: what is not known counts as changed.
  public boolean mayHaveChanged(String version) {
    return applied.stream()
        .anyMatch(it -> it.version().equals(version) && !Boolean.FALSE.equals(it.changed()));
  }

  /// The versions after one, newest first.
  ///
  /// @return empty when that one is not applied
  public Optional<List<String>> newerThan(String version) {
    int position = versions().indexOf(version);
    return position < 0
        ? Optional.empty()
        : Optional.of(versions().subList(position + 1, applied.size()).reversed());
  }

  /// Its migrations may be applied from now on.
  public SchemaRecord with(String version) {
    return contains(version) ? this : plus(new Applied(version, null, null));
  }

  /// Its migrations, the newest, were begun, did not end well, and left this schema.
  public SchemaRecord begun(String version, String digest) {
    return without(version).plus(new Applied(version, null, digest));
  }

  /// Whether its migrations were begun, did not end well, and have changed something.
  public boolean begun(String version) {
    return applied.stream()
        .anyMatch(
            it -> it.version().equals(version) && it.changed() == null && it.digest() != null);
  }

  /// Its migrations, the newest, were run, and left this schema.
  public SchemaRecord ran(String version, boolean changed, String digest) {
    return without(version).plus(new Applied(version, changed, digest));
  }

  public SchemaRecord without(String version) {
    return new SchemaRecord(applied.stream().filter(it -> !it.version().equals(version)).toList());
  }

  /// Without versions that changed nothing. What the schema was with them it was with the ones
  /// before them.
  public SchemaRecord forgetting(Set<String> unchanging) {
    List<Applied> left = new ArrayList<>();
    for (Applied one : applied) {
      if (!unchanging.contains(one.version())) {
        left.add(one);
      } else if (!left.isEmpty() && one.digest() != null) {
        Applied before = left.removeLast();
        left.add(new Applied(before.version(), before.changed(), one.digest()));
      }
    }
    return new SchemaRecord(left);
  }

  /// What was there before a version.
  public SchemaRecord before(String version) {
    return new SchemaRecord(applied.subList(0, versions().indexOf(version)));
  }

  /// The schema was seen like this, with nothing under way: so it is what the newest has left and
  /// its owner has made of it.
  public SchemaRecord seenAs(String digest) {
    if (applied.isEmpty()) {
      return this;
    }
    Applied newest = applied.getLast();
    List<Applied> seen = new ArrayList<>(applied);
    seen.set(seen.size() - 1, new Applied(newest.version(), newest.changed(), digest));
    return new SchemaRecord(seen);
  }

  /// The part of the record that a database with this schema has, the longest if there are several.
  ///
  /// @return empty when it never was like that
  public Optional<SchemaRecord> asFarAs(String digest) {
    for (int size = applied.size(); size > 0; size--) {
      if (digest.equals(applied.get(size - 1).digest())) {
        return Optional.of(new SchemaRecord(applied.subList(0, size)));
      }
    }
    return Optional.empty();
  }

  private SchemaRecord plus(Applied newest) {
    List<Applied> more = new ArrayList<>(applied);
    more.add(newest);
    return new SchemaRecord(more);
  }
}
