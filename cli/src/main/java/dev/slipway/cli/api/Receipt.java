package dev.slipway.cli.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What an operation has made, and how the absence of what is gone was checked; with what the
/// operations have made that it asked for.
///
/// @param left    how many things are not gone
/// @param earlier how many things of its subject earlier operations had removed
/// @param json    all that was said, of the operation itself first
public record Receipt(List<Thing> things, int left, int earlier, List<JsonNode> json) {

  /// One thing.
  ///
  /// @param proof absent while it is not gone
  public record Thing(String kind, String name, String state, @Nullable String proof) {}

  static Receipt of(List<JsonNode> answers) {
    List<Thing> things = new ArrayList<>();
    int left = 0;
    int earlier = 0;
    for (JsonNode answer : answers) {
      for (JsonNode thing : answer.path("things")) {
        things.add(
            new Thing(
                thing.path("kind").asText(),
                thing.path("name").asText(),
                thing.path("state").asText(),
                Json.text(thing, "proof")));
      }
      left += answer.path("left").asInt();
      earlier += answer.path("earlier").asInt();
    }
    return new Receipt(List.copyOf(things), left, earlier, List.copyOf(answers));
  }
}
