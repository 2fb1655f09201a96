package dev.slipway.account.feed;

import java.util.List;
import java.util.regex.Pattern;

/// Which events a reader wants. Of each list one has to fit; an empty list lets everything through.
///
/// @param operations identifiers of operations; what they have begun elsewhere belongs to them
/// @param kinds      of operations: `instance.provision`
/// @param types      of events, without prefix and version: `operation.ended`
/// @param subjects   identifiers, or the names that the events say
public record EventFilter(
    List<String> operations, List<String> kinds, List<String> types, List<String> subjects) {

  public static final EventFilter EVERYTHING =
      new EventFilter(List.of(), List.of(), List.of(), List.of());

  private static final Pattern PREFIX_AND_VERSION = Pattern.compile("^slipway\\.|\\.v[0-9]+$");

  /// A type may be written in full as well, `slipway.operation.ended.v1`.
  public EventFilter {
    operations = List.copyOf(operations);
    kinds = List.copyOf(kinds);
    types = types.stream().map(type -> PREFIX_AND_VERSION.matcher(type).replaceAll("")).toList();
    subjects = List.copyOf(subjects);
  }
}
