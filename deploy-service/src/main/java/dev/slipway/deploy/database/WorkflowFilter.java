package dev.slipway.deploy.database;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which workflows to list. What is absent does not restrict.
///
/// @param ids       these alone
/// @param statuses  any of these
/// @param limit     at most so many
/// @param newestFirst the oldest come first otherwise
public record WorkflowFilter(
    List<String> ids,
    @Nullable String user,
    @Nullable Instant from,
    @Nullable Instant to,
    List<String> statuses,
    @Nullable String version,
    @Nullable String name,
    @Nullable String queue,
    @Nullable Integer limit,
    @Nullable Integer offset,
    boolean newestFirst) {

  public WorkflowFilter {
    ids = List.copyOf(ids);
    statuses = List.copyOf(statuses);
  }

  /// Reads the body of a list's request; null is the same as absent.
  ///
  /// @throws IllegalArgumentException with a public message when a field has the wrong type or
  ///     value
  public static WorkflowFilter parse(JsonNode body) {
    throw new UnsupportedOperationException();
  }
}
