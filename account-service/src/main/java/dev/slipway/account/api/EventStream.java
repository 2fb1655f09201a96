package dev.slipway.account.api;

import dev.slipway.account.feed.EventFilter;
import dev.slipway.account.feed.Feed;
import dev.slipway.account.feed.SharedReads;
import dev.slipway.account.feed.Subscription;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import org.jboss.logging.Logger;

/// Server-sent events for one reader, on the virtual thread of its request.
///
/// It reads on from the database when its subscription says that there is something, together with
/// those who are as far as it is; so a reader that is slow holds up nobody and loses nothing. Its
/// end is never an error to the reader, who comes back with the number it has, and is then let in
/// or not.
final class EventStream implements StreamingOutput {

  private static final Logger LOG = Logger.getLogger(EventStream.class);

  private final SharedReads reads;
  private final Subscription subscription;
  private final String organization;
  private final EventFilter filter;
  private final Duration heartbeat;
  private long position;

  EventStream(
      SharedReads reads,
      Subscription subscription,
      String organization,
      EventFilter filter,
      long position,
      Duration heartbeat) {
    this.reads = reads;
    this.subscription = subscription;
    this.organization = organization;
    this.filter = filter;
    this.position = position;
    this.heartbeat = heartbeat;
  }

  @Override
  public void write(OutputStream out) {
    try (subscription) {
      send(out, ServerSentEvents.opening(position));
      send(out, ServerSentEvents.comment(goOn(out)));
    } catch (IOException left) {
      LOG.debugf("a reader of events has left: %s", left.getMessage());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /// @return why it ended
  private String goOn(OutputStream out) throws IOException, InterruptedException {
    long sentAt = System.nanoTime();
    while (true) {
      String ended = subscription.ended();
      if (ended != null) {
        return ended;
      }
      Feed.Page page;
      try {
        page = reads.read(organization, position, filter, subscription.reached());
      } catch (SQLException failure) {
        LOG.debugf("a stream of events ends: %s", failure.getMessage());
        return "the events cannot be read at the moment";
      }
      if (!page.continues(position)) {
        return "the next events are no longer kept";
      }
      if (!page.entries().isEmpty()) {
        send(out, ServerSentEvents.events(page.entries()));
        sentAt = System.nanoTime();
      }
      position = page.through();
      Duration quiet = Duration.ofNanos(System.nanoTime() - sentAt);
      if (quiet.compareTo(heartbeat) >= 0) {
        send(out, ServerSentEvents.heartbeat(position));
        sentAt = System.nanoTime();
        quiet = Duration.ZERO;
      }
      if (position >= page.last()) {
        subscription.await(position, heartbeat.minus(quiet));
      }
    }
  }

  private static void send(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
