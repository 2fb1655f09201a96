package dev.slipway.cli.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.api.Event;
import java.util.Objects;

/// An event of an organization's feed.
///
/// @param number    its place in the feed
/// @param source    the service that tells it
/// @param seq       rises with everything that one service tells of one subject
/// @param operation that tells it; empty for none
/// @param done      the step that it says is done; empty for none
record Heard(
    long number,
    String source,
    String type,
    String subject,
    long seq,
    String operation,
    String done) {

  static final String BEGUN = "operation.begun";
  static final String ENDED = "operation.ended";
  private static final String STEP_ENDED = "operation.step-ended";

  static Heard of(Event event) {
    JsonNode data = event.data();
    boolean done =
        event.type().equals(STEP_ENDED)
            && data.path("direction").asText().equals("do")
            && data.path("result").asText().equals("done");
    return new Heard(
        event.number(),
        event.source(),
        event.type(),
        event.subject(),
        event.json().path("seq").asLong(),
        Objects.requireNonNullElse(event.operation(), ""),
        done ? data.path("step").asText() : "");
  }

  String words() {
    return "%d %s of %s".formatted(number, type, subject);
  }
}
