package dev.slipway.cli.api;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The events of the caller's organization.
public final class Events {

  /// Instead of a number: nothing that was before.
  public static final String LATEST = "latest";

  /// Instead of a number: from the oldest that is kept.
  public static final String OLDEST = "";

  private final ApiClient client;

  public Events(ApiClient client) {
    this.client = client;
  }

  /// What is there now, the oldest first.
  public List<Event> list(EventQuery query, String after) throws IOException, InterruptedException {
    List<Event> all = new ArrayList<>();
    each(query, after, all::add);
    return all;
  }

  /// Gives what is there now one by one, the oldest first, however much it is.
  public void each(EventQuery query, String after, Consumer<Event> seen)
      throws IOException, InterruptedException {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                client.open(query.path(after), Map.of("Accept", "application/x-ndjson")),
                StandardCharsets.UTF_8))) {
      for (@Nullable String line = lines.readLine(); line != null; line = lines.readLine()) {
        seen.accept(Event.of(Json.MAPPER.readTree(line)));
      }
    } catch (IOException lost) {
      throw CommandFailure.failed(
              "connection-lost", "the connection was lost within the list of events")
          .next("Try again; see `slipway status`.")
          .cause(lost)
          .build();
    }
  }

  /// Follows what happens, over every loss of the connection, until it is closed.
  ///
  /// @param after the number after which to begin, [#LATEST] or [#OLDEST]
  public EventFollower follow(EventQuery query, String after) {
    return new EventFollower(client.twin(), query, after);
  }
}
