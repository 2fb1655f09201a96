package dev.slipway.cli.api;

import java.util.ArrayList;
import java.util.List;

/// Which events are wanted. Of each list one has to fit; an empty list lets everything through.
///
/// @param operations identifiers; what an operation has begun elsewhere belongs to it
/// @param kinds      of operations: `instance.provision`
/// @param types      of events: `operation.ended`
/// @param subjects   identifiers or names
public record EventQuery(
    List<String> operations, List<String> kinds, List<String> types, List<String> subjects) {

  public static final EventQuery EVERYTHING =
      new EventQuery(List.of(), List.of(), List.of(), List.of());

  public EventQuery {
    operations = List.copyOf(operations);
    kinds = List.copyOf(kinds);
    types = List.copyOf(types);
    subjects = List.copyOf(subjects);
  }

  /// What these operations, and those that they have begun, tell of themselves.
  public static EventQuery ofOperations(List<String> operations) {
    return new EventQuery(operations, List.of(), List.of(), List.of());
  }

  /// What has happened to these subjects.
  public static EventQuery ofSubjects(List<String> subjects) {
    return new EventQuery(List.of(), List.of(), List.of(), subjects);
  }

  /// The path below the organization's.
  ///
  /// @param after the number after which to begin, or `latest`; empty for the oldest that is kept
  String path(String after) {
    List<String> parameters = new ArrayList<>();
    if (!after.isEmpty()) {
      parameters.add("after=" + ApiClient.encode(after));
    }
    operations.forEach(it -> parameters.add("operation=" + ApiClient.encode(it)));
    kinds.forEach(it -> parameters.add("kind=" + ApiClient.encode(it)));
    types.forEach(it -> parameters.add("type=" + ApiClient.encode(it)));
    subjects.forEach(it -> parameters.add("subject=" + ApiClient.encode(it)));
    return "/events" + (parameters.isEmpty() ? "" : "?" + String.join("&", parameters));
  }
}
