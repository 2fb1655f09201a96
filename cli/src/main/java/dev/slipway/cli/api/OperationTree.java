package dev.slipway.cli.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What operations tell of themselves, put together: who began which, what failed in each, and what
/// took over from what.
///
/// @param operations by identifier, in the order in which they were first heard of
public record OperationTree(Map<String, Operation> operations) {

  /// One operation as its events tell it.
  ///
  /// @param parent       the operation that asked for it; null when a person, or the platform, did
  /// @param ancestry     the operations that wait for it, the oldest first
  /// @param state        `running`, `stuck`, or how it ended
  /// @param failures     steps that failed, in either direction
  /// @param undone       steps that were undone, in that order
  /// @param supersededBy the operation that took over
  public record Operation(
      String id,
      String kind,
      String subject,
      String subjectName,
      String requestedBy,
      @Nullable String parent,
      List<String> ancestry,
      Optional<Instant> beganAt,
      Optional<Instant> endedAt,
      String state,
      List<Failure> failures,
      List<String> undone,
      @Nullable String causeCode,
      @Nullable String cause,
      @Nullable String supersededBy) {

    public Optional<Duration> took() {
      return beganAt.flatMap(began -> endedAt.map(ended -> Duration.between(began, ended)));
    }
  }

  /// A step that failed.
  public record Failure(String step, boolean undo, Duration after, @Nullable String message) {}

  public OperationTree {
    operations = new LinkedHashMap<>(operations);
  }

  /// @param events of operations, in the order of their numbers; the same one may come again
  public static OperationTree of(List<Event> events) {
    Map<String, Told> told = new LinkedHashMap<>();
    for (Event event : events) {
      @Nullable String operation = event.operation();
      if (operation != null) {
        told.computeIfAbsent(operation, Told::new).hear(event);
      }
    }
    Map<String, Operation> operations = new LinkedHashMap<>();
    told.forEach((id, it) -> operations.put(id, it.operation()));
    return new OperationTree(operations);
  }

  /// The operations that one began, the earliest first.
  public List<Operation> children(String id) {
    return operations.values().stream().filter(it -> id.equals(it.parent())).toList();
  }

  /// The operation at which the chain of this one begins.
  public Optional<Operation> root(String id) {
    @Nullable Operation at = operations.get(id);
    for (int depth = 0; at != null && at.parent() != null && depth < 100; depth++) {
      @Nullable Operation above = operations.get(at.parent());
      if (above == null) {
        break;
      }
      at = above;
    }
    return Optional.ofNullable(at);
  }

  private static final class Told {
    private final String id;
    private final List<Failure> failures = new ArrayList<>();
    private final List<String> undone = new ArrayList<>();
    private final List<String> ancestry = new ArrayList<>();
    private String kind = "";
    private String subject = "";
    private String name = "";
    private String requestedBy = "";
    private String state = "running";
    private @Nullable Instant beganAt;
    private @Nullable Instant endedAt;
    private @Nullable String causeCode;
    private @Nullable String cause;
    private @Nullable String supersededBy;

    Told(String id) {
      this.id = id;
    }

    void hear(Event event) {
      JsonNode data = event.data();
      kind = data.path("kind").asText(kind);
      subject = event.subject();
      name = data.path("subjectName").asText(name);
      if (ancestry.isEmpty()) {
        data.path("ancestry").forEach(it -> ancestry.add(it.asText()));
      }
      switch (event.type()) {
        case "operation.begun" -> {
          requestedBy = data.path("requestedBy").asText();
          beganAt = event.time();
        }
        case "operation.step-ended" -> step(data);
        case "operation.stuck" -> {
          state = "stuck";
          because(data.path("cause"));
        }
        case "operation.ended" -> {
          // A reply that is repeated says the same, later.
          if (endedAt == null) {
            endedAt = event.time();
            state = data.path("outcome").asText().toLowerCase(Locale.ROOT);
            supersededBy = Json.text(data, "supersededBy");
            because(data.path("cause"));
          }
        }
        default -> {}
      }
    }

    private void step(JsonNode data) {
      String step = data.path("step").asText();
      boolean undo = data.path("direction").asText().equals("undo");
      if (!data.path("result").asText().equals("done")) {
        failures.add(
            new Failure(
                step,
                undo,
                Duration.ofMillis(data.path("millis").asLong()),
                Json.text(data, "message")));
      } else if (undo) {
        undone.add(step);
      }
      // Something moves again: it was retried, or is being undone.
      if (state.equals("stuck")) {
        state = "running";
      }
    }

    private void because(JsonNode why) {
      causeCode = Json.text(why, "code");
      cause = Json.text(why, "message");
    }

    Operation operation() {
      return new Operation(
          id,
          kind,
          subject,
          name.isEmpty() ? subject : name,
          requestedBy,
          ancestry.isEmpty() ? null : ancestry.getLast(),
          List.copyOf(ancestry),
          Optional.ofNullable(beganAt),
          Optional.ofNullable(endedAt),
          state,
          List.copyOf(failures),
          List.copyOf(undone),
          causeCode,
          cause,
          supersededBy);
    }
  }
}
