package dev.slipway.cli.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// An operation as the platform shows it.
///
/// @param outcome    null until it has ended
/// @param waitingFor in words
/// @param next       what to type next, when it is stuck
/// @param usual      how long the whole usually takes there
/// @param expected   when it will have ended if the rest takes as long as usual
/// @param version    raised by every visible change
/// @param json       all that was said
public record OperationView(
    String id,
    String kind,
    String subjectName,
    String phase,
    @Nullable String outcome,
    @Nullable String waitingFor,
    @Nullable String causeCode,
    @Nullable String cause,
    @Nullable String next,
    String requestedBy,
    Optional<Instant> createdAt,
    Optional<Instant> endedAt,
    Optional<Duration> usual,
    Optional<Instant> expected,
    long version,
    List<Step> steps,
    JsonNode json) {

  /// One step of it.
  ///
  /// @param attempts how often it was tried or looked at again
  /// @param usual    how long it usually takes there
  /// @param output   while it runs: the last line of what it runs
  public record Step(
      String name,
      String state,
      int attempts,
      Optional<Duration> took,
      Optional<Duration> usual,
      @Nullable String message,
      @Nullable String output) {

    private Step entered() {
      return state.equals("pending")
          ? new Step(name, "running", attempts, took, usual, message, output)
          : this;
    }

    /// Whether nothing more happens to it as far as this state goes.
    public boolean settled() {
      return switch (state) {
        case "done", "failed", "kept", "undone" -> true;
        default -> false;
      };
    }
  }

  public static OperationView of(JsonNode json) {
    List<Step> steps = new ArrayList<>();
    for (JsonNode step : json.path("steps")) {
      steps.add(
          new Step(
              step.path("name").asText(),
              lower(step, "state"),
              step.path("attempts").asInt(),
              duration(step, "millis"),
              duration(step, "usualMillis"),
              Json.text(step, "message"),
              Json.text(step, "output")));
    }
    JsonNode cause = json.path("cause");
    String name = json.path("subjectName").asText("");
    return new OperationView(
        json.path("id").asText(),
        json.path("kind").asText(),
        name.isEmpty() ? json.path("subject").asText() : name,
        lower(json, "phase"),
        json.hasNonNull("outcome") ? lower(json, "outcome") : null,
        Json.text(json, "waitingFor"),
        Json.text(cause, "code"),
        Json.text(cause, "message"),
        Json.text(json, "next"),
        json.path("requestedBy").asText(""),
        instant(json, "createdAt"),
        instant(json, "endedAt"),
        duration(json, "usualMillis"),
        instant(json, "expectedEndAt"),
        json.path("version").asLong(),
        List.copyOf(steps),
        json);
  }

  /// The type of the event that [#after] takes.
  static final String STEP_ENDED = "operation.step-ended";

  /// The same after the end of one of its steps, which may have been seen already.
  OperationView after(Event event) {
    String name = event.data().path("step").asText();
    boolean undo = event.data().path("direction").asText().equals("undo");
    boolean done = event.data().path("result").asText().equals("done");
    List<Step> changed = new ArrayList<>(steps);
    for (int i = 0; i < changed.size(); i++) {
      Step step = changed.get(i);
      if (step.name().equals(name) && open(step.state(), undo)) {
        changed.set(
            i,
            new Step(
                name,
                done ? (undo ? "undone" : "done") : "failed",
                step.attempts(),
                Optional.of(Duration.ofMillis(event.data().path("millis").asLong())),
                step.usual(),
                done ? null : Json.text(event.data(), "message"),
                null));
        if (done && !undo && i + 1 < changed.size()) {
          changed.set(i + 1, changed.get(i + 1).entered());
        }
      }
    }
    return new OperationView(
        id,
        kind,
        subjectName,
        phase,
        outcome,
        null,
        causeCode,
        cause,
        next,
        requestedBy,
        createdAt,
        endedAt,
        usual,
        expected,
        version,
        List.copyOf(changed),
        json);
  }

  /// Whether a step in this state may still end in that direction.
  private static boolean open(String state, boolean undo) {
    return switch (state) {
      case "pending", "running" -> true;
      case "undoing", "failed", "done", "kept" -> undo;
      default -> false;
    };
  }

  public boolean ended() {
    return phase.equals("ended");
  }

  public boolean stuck() {
    return phase.equals("stuck");
  }

  public boolean succeeded() {
    return "succeeded".equals(outcome);
  }

  /// From its beginning to its end, or to now.
  public Duration age(Instant now) {
    return createdAt
        .map(began -> Duration.between(began, endedAt.orElse(now)))
        .filter(it -> !it.isNegative())
        .orElse(Duration.ZERO);
  }

  private static String lower(JsonNode node, String field) {
    return node.path(field).asText("").toLowerCase(Locale.ROOT);
  }

  private static Optional<Duration> duration(JsonNode node, String field) {
    return node.hasNonNull(field)
        ? Optional.of(Duration.ofMillis(node.path(field).asLong()))
        : Optional.empty();
  }

  private static Optional<Instant> instant(JsonNode node, String field) {
    @Nullable String text = Json.text(node, field);
    if (text == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Instant.parse(text));
    } catch (DateTimeParseException unknown) {
      return Optional.empty();
    }
  }
}
