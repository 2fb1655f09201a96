package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.api.Event;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Words;
import java.time.Duration;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// An event as people read it: when, of what, and what happened.
final class EventWords {

  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

  private EventWords() {}

  static String line(Event event, ZoneId zone) {
    return "%s  %-16s  %s"
        .formatted(TIME.format(event.time().atZone(zone)), subject(event), what(event));
  }

  /// What people called the subject, or its identifier where the event does not say.
  static String subject(Event event) {
    return Stream.of("subjectName", "name", "newName", "organizationName")
        .map(field -> Json.text(event.data(), field))
        .filter(name -> name != null && !name.isEmpty())
        .findFirst()
        .orElseGet(
            () -> {
              @Nullable String user = Json.text(event.data(), "userName");
              return user != null && event.subject().equals(Json.text(event.data(), "user"))
                  ? user
                  : event.subject();
            });
  }

  static String what(Event event) {
    JsonNode data = event.data();
    String kind = data.path("kind").asText();
    return switch (event.type()) {
      case "operation.begun" -> {
        JsonNode ancestry = data.path("ancestry");
        String by =
            ancestry.isEmpty()
                ? "for " + data.path("requestedBy").asText()
                : "asked by " + ancestry.get(ancestry.size() - 1).asText();
        yield "%s began, %s (%s)".formatted(kind, by, data.path("operation").asText());
      }
      case "operation.step-ended" -> kind + ": " + step(data);
      case "operation.stuck" ->
          "%s is stuck at %s%s (%s)"
              .formatted(
                  kind, data.path("step").asText(), cause(data), data.path("operation").asText());
      case "operation.ended" -> {
        @Nullable String by = Json.text(data, "supersededBy");
        yield "%s %s%s (%s)"
            .formatted(
                kind,
                ended(data.path("outcome").asText()),
                by == null ? cause(data) : " by " + by,
                data.path("operation").asText());
      }
      default -> other(event.type(), data);
    };
  }

  /// An outcome as the end of a sentence about an operation.
  static String ended(String outcome) {
    String word = outcome.toLowerCase(Locale.ROOT);
    return word.equals("succeeded") ? word : "was " + word;
  }

  private static String step(JsonNode data) {
    boolean undo = data.path("direction").asText().equals("undo");
    boolean done = data.path("result").asText().equals("done");
    @Nullable String message = done ? null : Json.text(data, "message");
    return "%s %s in %s%s"
        .formatted(
            data.path("step").asText(),
            done ? (undo ? "undone" : "done") : (undo ? "could not be undone" : "failed"),
            Words.duration(Duration.ofMillis(data.path("millis").asLong())),
            message == null ? "" : ": " + message);
  }

  private static String cause(JsonNode data) {
    @Nullable String message = Json.text(data.path("cause"), "message");
    return message == null ? "" : ": " + message;
  }

  /// `version-deployed`, with what is told of it that is short and no name again.
  private static String other(String type, JsonNode data) {
    var text = new StringBuilder(type.replaceFirst("^[^.]*\\.", "").replace('-', ' '));
    data.properties()
        .forEach(
            field -> {
              boolean repeated =
                  field.getKey().matches("name|application|instance|organization|user|admin|by");
              if (!repeated && field.getValue().isValueNode() && !field.getValue().isNull()) {
                text.append("  ")
                    .append(field.getKey())
                    .append(' ')
                    .append(field.getValue().asText());
              }
            });
    return text.toString();
  }
}
