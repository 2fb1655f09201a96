package dev.slipway.cli.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.chaos.Journal.Call;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Calls the platform as one organization, and goes on calling while it does not answer: a change
/// with the same key, so that it is one operation however often it was sent.
///
/// Not for use by several threads.
final class Calls {

  private static final int PAUSE_MILLIS = 300;
  private static final int WAIT_SECONDS = 10;

  /// The status of an answer that says why the operation of the call did not succeed.
  private static final int UNDOABLE = 422;

  /// After this time without a fault in the way, nobody would wait on.
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  private final String organization;
  private final ApiClient client;
  private final Journal journal;
  private final BooleanSupplier over;
  private int number;

  /// @param over whether nobody waits any longer
  Calls(String organization, ApiClient client, Journal journal, BooleanSupplier over) {
    this.organization = organization;
    this.client = client;
    this.journal = journal;
    this.over = over;
  }

  /// The last answer to a call.
  ///
  /// @param status 0 when there was none
  record Told(int status, JsonNode body, String code, Optional<String> operation) {

    boolean accepted() {
      return status >= 200 && status < 300;
    }
  }

  /// What a call is about.
  ///
  /// @param words  for people
  /// @param path   below the organization's, or whole
  /// @param waits  whether the answer is to come when the operation has ended
  /// @param repeat whether it is sent again although it was answered
  record Change(
      String words,
      String method,
      String path,
      @Nullable JsonNode body,
      boolean waits,
      boolean repeat) {}

  String organization() {
    return organization;
  }

  ApiClient client() {
    return client;
  }

  Told change(Change change) throws InterruptedException {
    // No other call has it.
    String key = "%s-%d".formatted(organization, ++number);
    Duration began = journal.now();
    Set<String> operations = new LinkedHashSet<>();
    Map<String, String> headers = new HashMap<>();
    headers.put("Idempotency-Key", key);
    if (!change.waits()) {
      headers.put("Prefer", "respond-async");
    }
    int tries = 0;
    Told told;
    do {
      tries++;
      told = once(change, headers);
      told.operation().ifPresent(operations::add);
    } while (again(told) && pause(began));
    if (change.repeat() && !again(told)) {
      Told repeated;
      do {
        tries++;
        repeated = once(change, headers);
        repeated.operation().ifPresent(operations::add);
      } while (again(repeated) && pause(began));
      if (!again(repeated)) {
        Checker.repeated(organization + ": " + change.words(), change.waits(), told, repeated)
            .ifPresent(journal::found);
        // What was refused and then accepted has begun with the second call.
        told = told.accepted() || told.operation().isPresent() ? told : repeated;
      }
    }
    journal.called(
        new Call(
            organization,
            change.words(),
            key,
            began,
            journal.now(),
            List.copyOf(operations),
            again(told) ? 0 : told.status(),
            told.code(),
            told.body().path("message").asText(""),
            tries));
    return told;
  }

  /// @return empty when nothing was answered, or refused
  Optional<JsonNode> look(String path) throws InterruptedException {
    Duration began = journal.now();
    Told told;
    do {
      told = once(new Change("", "GET", path, null, true, false), Map.of());
    } while (again(told) && pause(began));
    return told.accepted() ? Optional.of(told.body()) : Optional.empty();
  }

  /// Waits until an operation has ended or is stuck.
  ///
  /// @return empty when it has done neither until nobody waited any longer
  Optional<OperationView> follow(String operation) throws InterruptedException {
    Duration began = journal.now();
    String path = "/operations/" + ApiClient.encode(operation);
    String query = "";
    do {
      Told told = once(new Change("", "GET", path + query, null, true, false), Map.of());
      if (told.accepted()) {
        OperationView now = OperationView.of(told.body());
        if (now.ended() || now.stuck()) {
          return Optional.of(now);
        }
        query = "?wait=%d&version=%d".formatted(WAIT_SECONDS, now.version());
      } else if (!again(told)) {
        journal.found(
            new Finding(
                Finding.Kind.WRONG_ANSWER,
                operation,
                "asked for, it answered %d %s".formatted(told.status(), told.code())));
        return Optional.empty();
      }
    } while (pause(began));
    return Optional.empty();
  }

  /// Whether it is not known whether the call was heard, or it was not.
  private static boolean again(Told told) {
    return switch (told.status()) {
      case 0, 429, 502, 503, 504 -> true;
      default -> false;
    };
  }

  /// @return false when nobody waits any longer
  private boolean pause(Duration began) throws InterruptedException {
    if (over.getAsBoolean() || journal.now().minus(began).compareTo(PATIENCE) > 0) {
      return false;
    }
    TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    return true;
  }

  private Told once(Change change, Map<String, String> headers) throws InterruptedException {
    try {
      ApiClient.Answer answer =
          change.path().startsWith("/v1alpha1/")
              ? client.authorized(change.method(), change.path(), change.body(), headers)
              : client.call(change.method(), change.path(), change.body(), headers);
      return new Told(answer.status(), answer.body(), "", answer.operationId());
    } catch (CommandFailure refused) {
      return new Told(
          refused.status(),
          Json.object().put("message", refused.message()),
          refused.code(),
          // Other refusals name the operation that is in the way.
          refused.status() == UNDOABLE
              ? Optional.ofNullable(refused.operationId())
              : Optional.empty());
    } catch (IOException lost) {
      return new Told(0, MissingNode.getInstance(), "connection-lost", Optional.empty());
    }
  }
}
