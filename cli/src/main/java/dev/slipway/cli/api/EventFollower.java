package dev.slipway.cli.api;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Follows the events of an organization: gives them one by one, each once and in order.
///
/// A thread of its own reads, and when the connection is lost, or is silent for longer than the
/// platform ever is, comes back with the number of the last event it has. Only a refusal that
/// would come again ends it: the events are no longer kept, the membership or the sign-in has
/// ended. To be closed; one thread takes the events, any may cut the connection or close.
public final class EventFollower implements AutoCloseable {

  private sealed interface Item {
    record Happened(Event event) implements Item {}

    record Over(CommandFailure failure) implements Item {}
  }

  /// Three times what the platform lets pass without a word.
  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(45);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  /// Read ahead; a taker that is slow holds up the platform's end and not this one's memory.
  private static final int AHEAD = 1_000;

  private final ApiClient client;
  private final EventQuery query;
  private final String after;
  private final BlockingQueue<Item> items = new ArrayBlockingQueue<>(AHEAD);
  private final Thread reader;
  private final Thread watcher;
  private volatile boolean closed;
  private volatile @Nullable InputStream connection;
  private volatile long heardAt;
  private @Nullable String position;
  private @Nullable CommandFailure over;

  /// @param client used by nobody else
  EventFollower(ApiClient client, EventQuery query, String after) {
    this.client = client;
    this.query = query;
    this.after = after;
    this.reader = Thread.ofVirtual().name("events").start(this::readForever);
    this.watcher = Thread.ofVirtual().name("events-watcher").start(this::watchForever);
  }

  /// Waits for the next event.
  ///
  /// @throws CommandFailure when it cannot go on
  public Event next() throws InterruptedException {
    return given(items.take()).orElseThrow();
  }

  /// Waits for the next event, but not longer than this.
  ///
  /// @throws CommandFailure when it cannot go on
  public Optional<Event> next(Duration atMost) throws InterruptedException {
    if (over != null) {
      throw over;
    }
    @Nullable Item item = items.poll(atMost.toMillis(), TimeUnit.MILLISECONDS);
    return item == null ? Optional.empty() : given(item);
  }

  /// Whether there is a connection at the moment.
  public boolean connected() {
    return connection != null;
  }

  /// Cuts the connection, as a network may; it is made again.
  public void cut() {
    @Nullable InputStream open = connection;
    if (open != null) {
      try {
        open.close();
      } catch (IOException gone) {
        // That is what was wanted.
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    reader.interrupt();
    watcher.interrupt();
    cut();
  }

  private Optional<Event> given(Item item) {
    return switch (item) {
      case Item.Happened(Event event) -> Optional.of(event);
      case Item.Over(CommandFailure failure) -> {
        over = failure;
        throw failure;
      }
    };
  }

  private void readForever() {
    Duration pause = FIRST_PAUSE;
    try {
      while (!closed) {
        boolean heard = false;
        try {
          heard = readOn();
        } catch (CommandFailure refused) {
          if (ApiClient.lasts(refused)) {
            items.put(new Item.Over(refused));
            return;
          }
        } catch (IOException lost) {
          // Made again, below.
        }
        pause = heard ? FIRST_PAUSE : pause.multipliedBy(2);
        pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
        Thread.sleep(pause);
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  /// Reads until the connection ends.
  ///
  /// @return whether anything was heard
  private boolean readOn() throws IOException, InterruptedException {
    Map<String, String> headers = new HashMap<>();
    headers.put("Accept", "text/event-stream");
    if (position != null) {
      headers.put("Last-Event-ID", position);
    }
    boolean heard = false;
    try (InputStream stream = client.open(query.path(after), headers)) {
      heardAt = System.nanoTime();
      connection = stream;
      if (closed) {
        return heard;
      }
      var blocks =
          new ServerSentEventReader(
              new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8)));
      for (var next = blocks.next(); next.isPresent(); next = blocks.next()) {
        heard = true;
        heardAt = System.nanoTime();
        take(next.get());
      }
    } catch (IOException lost) {
      if (!heard) {
        throw lost;
      }
    } finally {
      connection = null;
    }
    return heard;
  }

  private void take(ServerSentEventReader.Block block) throws IOException, InterruptedException {
    @Nullable String data = block.data();
    if (data != null) {
      items.put(new Item.Happened(Event.of(Json.MAPPER.readTree(data))));
    }
    position = block.id();
  }

  private void watchForever() {
    try {
      while (!closed) {
        Thread.sleep(LONGEST_SILENCE.dividedBy(4));
        if (connection != null && System.nanoTime() - heardAt > LONGEST_SILENCE.toNanos()) {
          cut();
        }
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }
}
