package dev.slipway.cli.chaos;

import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.EventFollower;
import dev.slipway.cli.api.EventQuery;
import dev.slipway.cli.api.Events;
import dev.slipway.cli.console.CommandFailure;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Listens to one organization's events from the first to the last, and loses its connection every
/// now and then.
final class Subscriber implements AutoCloseable {

  private static final Duration LOOK = Duration.ofMillis(500);

  private final ApiClient client;
  private final EventFollower follower;
  private final ConcurrentLinkedQueue<Heard> heard = new ConcurrentLinkedQueue<>();
  private final AtomicInteger cuts = new AtomicInteger();
  private final Thread thread;
  private volatile boolean closing;
  private volatile @Nullable String over;

  /// @param client used by nobody else
  Subscriber(ApiClient client, String organization) {
    this.client = client;
    this.follower = new Events(client).follow(EventQuery.EVERYTHING, Events.OLDEST);
    this.thread = Thread.ofVirtual().name("subscriber-of-" + organization).start(this::listen);
  }

  private void listen() {
    try {
      while (!closing) {
        follower.next(LOOK).map(Heard::of).ifPresent(heard::add);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } catch (CommandFailure refused) {
      over = refused.message();
    }
  }

  /// Loses the connection.
  ///
  /// @return false when there is none
  boolean cut() {
    if (!follower.connected()) {
      return false;
    }
    cuts.incrementAndGet();
    follower.cut();
    return true;
  }

  int cuts() {
    return cuts.get();
  }

  List<Heard> heard() {
    return List.copyOf(heard);
  }

  /// Why it has been turned away for good; empty as it should be.
  Optional<String> over() {
    return Optional.ofNullable(over);
  }

  /// The whole feed, read anew.
  List<Heard> complete() throws IOException, InterruptedException {
    return new Events(client)
        .list(EventQuery.EVERYTHING, Events.OLDEST).stream().map(Heard::of).toList();
  }

  @Override
  public void close() {
    closing = true;
    follower.close();
    thread.interrupt();
  }
}
