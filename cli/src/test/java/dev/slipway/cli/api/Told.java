package dev.slipway.cli.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.console.Json;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Events of operations as the platform tells them, a second apart.
public final class Told {

  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

  private final List<ObjectNode> events = new ArrayList<>();

  public Told begun(String operation, String kind, String subject, String... ancestry) {
    return tell(
        "begun",
        operation,
        subject,
        data(operation, kind, subject, ancestry).put("requestedBy", "demo"));
  }

  public Told step(
      String operation,
      String kind,
      String subject,
      String step,
      String direction,
      String result,
      @Nullable String message) {
    return tell(
        "step-ended",
        operation,
        subject,
        data(operation, kind, subject)
            .put("step", step)
            .put("direction", direction)
            .put("result", result)
            .put("millis", 1200)
            .put("message", message));
  }

  public Told stuck(String operation, String kind, String subject, String step, String why) {
    ObjectNode data = data(operation, kind, subject).put("step", step);
    data.putObject("cause").put("code", "no-port").put("message", why);
    return tell("stuck", operation, subject, data);
  }

  public Told ended(
      String operation,
      String kind,
      String subject,
      String outcome,
      @Nullable String why,
      @Nullable String by) {
    ObjectNode data =
        data(operation, kind, subject).put("outcome", outcome).put("supersededBy", by);
    if (why != null) {
      data.putObject("cause").put("code", "it-failed").put("message", why);
    }
    return tell("ended", operation, subject, data);
  }

  public List<Event> events() {
    return events.stream().map(Event::of).toList();
  }

  /// As `application/x-ndjson`.
  public String lines() {
    var lines = new StringBuilder();
    events.forEach(event -> lines.append(event).append('\n'));
    return lines.toString();
  }

  private static ObjectNode data(
      String operation, String kind, String subject, String... ancestry) {
    ObjectNode data =
        Json.object()
            .put("operation", operation)
            .put("kind", kind)
            .put("subjectName", subject.replaceFirst("^..._", ""));
    ArrayNode above = data.putArray("ancestry");
    for (String ancestor : ancestry) {
      above.add(ancestor);
    }
    return data;
  }

  private Told tell(String type, String operation, String subject, ObjectNode data) {
    ObjectNode event = Json.object();
    event
        .put("number", events.size() + 1)
        .put("source", "service-of-" + operation)
        .put("type", "slipway.operation." + type + ".v1")
        .put("subject", subject)
        .put("time", BEGIN.plusSeconds(events.size()).toString());
    event.set("data", data);
    events.add(event);
    return this;
  }
}
