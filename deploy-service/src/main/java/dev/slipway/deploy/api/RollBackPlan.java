package dev.slipway.deploy.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a roll back would do, in order.
///
/// @param version that would serve
/// @param from    that serves now
/// @param undo    whose migrations would be undone, newest first
@JsonInclude(JsonInclude.Include.ALWAYS)
record RollBackPlan(
    @JsonProperty("ApplicationVersion") String version,
    @JsonProperty("From") @Nullable String from,
    @JsonProperty("Undo") List<Undone> undo) {

  RollBackPlan {
    undo = List.copyOf(undo);
  }

  /// @param changes whether the version's migrations changed anything, so that its commands are
  ///     run; what is not known counts as a change
  record Undone(
      @JsonProperty("Version") String version, @JsonProperty("Changes") boolean changes) {}
}
