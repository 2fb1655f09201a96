package dev.slipway.cli.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.CommandFailure;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// The operations of the caller's organization.
public final class Operations {

  private static final int WAIT_SECONDS = 20;
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(2);
  private static final int LARGEST_PAGE = 200;

  /// What is restarted is back by then.
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final Duration ASK_AGAIN = Duration.ofSeconds(1);

  private final ApiClient client;

  public Operations(ApiClient client) {
    this.client = client;
  }

  /// The newest of them.
  ///
  /// @param more     whether there are others after these
  /// @param warnings in words, why some are missing; empty when none are
  public record Listed(
      List<OperationView> operations, boolean more, SequencedSet<String> warnings) {}

  /// Reads as many pages as it takes.
  ///
  /// @param filters names and values of the query's parameters
  public Listed list(Map<String, String> filters, int most)
      throws IOException, InterruptedException {
    List<OperationView> all = new ArrayList<>();
    SequencedSet<String> warnings = new LinkedHashSet<>();
    Map<String, String> query = new LinkedHashMap<>(filters);
    while (true) {
      query.put("limit", Integer.toString(Math.min(LARGEST_PAGE, most - all.size())));
      ApiClient.Answer page = client.call("GET", "/operations?" + encoded(query), null);
      page.body().forEach(it -> all.add(OperationView.of(it)));
      page.warning().ifPresent(warnings::add);
      Optional<String> next = page.nextCursor();
      if (next.isEmpty() || all.size() >= most) {
        return new Listed(all, next.isPresent(), warnings);
      }
      query.put("cursor", next.get());
    }
  }

  /// The newest of them, and none is missing.
  ///
  /// @throws CommandFailure with `partial` when a service has not answered with its own
  public List<OperationView> complete(int most) throws IOException, InterruptedException {
    Listed listed = list(Map.of(), most);
    if (!listed.warnings().isEmpty()) {
      throw CommandFailure.failed("partial", String.join("; ", listed.warnings())).build();
    }
    return listed.operations();
  }

  private static String encoded(Map<String, String> query) {
    return query.entrySet().stream()
        .map(it -> it.getKey() + '=' + ApiClient.encode(it.getValue()))
        .collect(Collectors.joining("&"));
  }

  public OperationView show(String id) throws IOException, InterruptedException {
    return OperationView.of(client.call("GET", path(id), null).body());
  }

  public void cancel(String id) throws IOException, InterruptedException {
    client.call("POST", path(id) + "/cancel", null);
  }

  /// Gives up one that is stuck after its point of no return.
  public void abandon(String id) throws IOException, InterruptedException {
    client.call("POST", path(id) + "/cancel?abandon=true", null);
  }

  public void retry(String id) throws IOException, InterruptedException {
    client.call("POST", path(id) + "/retry", null);
  }

  /// The receipt of an operation, with those of the operations it asked for.
  ///
  /// @param all name also what earlier operations had removed of the subject of a destroy
  public Receipt receipt(String id, boolean all) throws IOException, InterruptedException {
    List<JsonNode> answers = new ArrayList<>();
    Deque<String> asked = new ArrayDeque<>(List.of(id));
    while (!asked.isEmpty()) {
      String next = asked.pop();
      try {
        JsonNode answer =
            client.call("GET", path(next) + "/receipt" + (all ? "?all=true" : ""), null).body();
        answers.add(answer);
        answer.path("children").forEach(child -> asked.add(child.asText()));
      } catch (CommandFailure refused) {
        // What was asked for and withdrawn before it was heard of has made nothing.
        if (next.equals(id) || refused.status() != 404) {
          throw refused;
        }
      }
    }
    return Receipt.of(answers);
  }

  /// Follows an operation until it has ended or is stuck.
  ///
  /// Its events say what is done. What it waits for is a state and no event, and the feed may be
  /// behind or out of reach, so it is looked at itself when nothing is heard for a while. Whoever
  /// has seen it once waits a minute for a platform that is being restarted.
  ///
  /// @param seen is given every version of it that this side gets to see
  public OperationView follow(String id, Consumer<OperationView> seen)
      throws IOException, InterruptedException {
    OperationView now = show(id);
    seen.accept(now);
    if (now.ended() || now.stuck()) {
      return now;
    }
    try (EventFollower events =
        new Events(client).follow(EventQuery.ofOperations(List.of(id)), Events.OLDEST)) {
      while (!now.ended() && !now.stuck()) {
        Optional<Event> event;
        try {
          event = events.next(LOOK_AGAIN);
        } catch (CommandFailure noEvents) {
          return poll(id, now, seen);
        }
        if (event.isPresent() && !tells(event.get(), id)) {
          continue;
        }
        // An end has more to it than its event says.
        now =
            event.isPresent() && event.get().type().equals(OperationView.STEP_ENDED)
                ? now.after(event.get())
                : OperationView.of(insistently(path(id)));
        seen.accept(now);
      }
      return now;
    }
  }

  /// Whether an event changes what is known of an operation. Its beginning does not, and what its
  /// children tell is about them.
  private static boolean tells(Event event, String id) {
    return id.equals(event.operation()) && !event.type().equals("operation.begun");
  }

  private OperationView poll(String id, OperationView from, Consumer<OperationView> seen)
      throws IOException, InterruptedException {
    OperationView now = from;
    while (!now.ended() && !now.stuck()) {
      OperationView next =
          OperationView.of(
              insistently(path(id) + "?wait=" + WAIT_SECONDS + "&version=" + now.version()));
      if (next.version() != now.version()) {
        seen.accept(next);
      }
      now = next;
    }
    return now;
  }

  /// Reads of an operation that goes on, whether or not the platform answers just now.
  private JsonNode insistently(String path) throws IOException, InterruptedException {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return client.call("GET", path, null).body();
      } catch (CommandFailure failure) {
        if (ApiClient.lasts(failure) || System.nanoTime() > until) {
          throw failure;
        }
        Thread.sleep(ASK_AGAIN);
      }
    }
  }

  private static String path(String id) {
    return "/operations/" + ApiClient.encode(id);
  }
}
