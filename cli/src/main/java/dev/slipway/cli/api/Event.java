package dev.slipway.cli.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Json;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/// Something that has happened in the caller's organization.
///
/// @param number  its place in the organization's feed: the one before has one less
/// @param source  the service that tells
/// @param type    without prefix and version: `operation.ended`
/// @param subject the identifier of what it happened to
/// @param data    what is told, by type
/// @param json    the whole CloudEvent
public record Event(
    long number,
    String source,
    String type,
    String subject,
    Instant time,
    JsonNode data,
    JsonNode json) {

  public static Event of(JsonNode json) {
    return new Event(
        json.path("number").asLong(),
        json.path("source").asText(),
        json.path("type").asText().replaceAll("^slipway\\.|\\.v[0-9]+$", ""),
        json.path("subject").asText(),
        time(json.path("time").asText()),
        json.path("data"),
        json);
  }

  /// The operation that tells; null in what is no event of an operation.
  public @Nullable String operation() {
    return Json.text(data, "operation");
  }

  private static Instant time(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException unknown) {
      return Instant.EPOCH;
    }
  }
}
