package dev.slipway.gateway.exchange;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Bounds what connections take: how many there are, and how many of one address, how many requests
/// wait on one for the answers before theirs, and how long one is kept on which nothing is asked.
///
/// The server's own idle timeout is not used, since it would also cut those who wait for a long
/// answer; this one knows who waits. A request whose head never ends counts as nothing asked. Used
/// on one event loop only.
public final class Connections {

  private final long patienceNanos;
  private final int most;
  private final Shares ofSender;
  private final Map<HttpConnection, Use> open = new HashMap<>();

  private Connections(Duration patience, int most, int mostOfSender) {
    this.patienceNanos = patience.toNanos();
    this.most = most;
    this.ofSender = new Shares(mostOfSender);
  }

  /// Begins to look around; goes on as long as Vert.x runs.
  ///
  /// @param most         how many there may be
  /// @param mostOfSender how many of them from one address
  public static Connections watched(Vertx vertx, Duration patience, int most, int mostOfSender) {
    var connections = new Connections(patience, most, mostOfSender);
    vertx.setPeriodic(
        Math.max(1, patience.toMillis() / 4), due -> connections.closeIdle(System.nanoTime()));
    return connections;
  }

  /// Takes note of a connection, and closes it when there are too many.
  public void opened(HttpConnection connection) {
    String sender = Sender.of(connection.remoteAddress());
    if (open.size() >= most || !ofSender.take(sender)) {
      connection.close();
      return;
    }
    Pipelining.limit(connection);
    open.put(connection, new Use(System.nanoTime()));
    connection.closeHandler(
        closed -> {
          open.remove(connection);
          ofSender.giveBack(sender);
        });
  }

  void began(HttpServerRequest request) {
    Use use = open.get(request.connection());
    if (use != null) {
      use.exchanges++;
    }
  }

  void ended(HttpServerRequest request) {
    Use use = open.get(request.connection());
    if (use != null) {
      use.exchanges--;
      use.since = System.nanoTime();
    }
  }

  private void closeIdle(long now) {
    for (var entry : List.copyOf(open.entrySet())) {
      Use use = entry.getValue();
      if (use.exchanges == 0 && now - use.since > patienceNanos) {
        open.remove(entry.getKey());
        entry.getKey().close();
      }
    }
  }

  private static final class Use {
    private long since;
    private int exchanges;

    Use(long since) {
      this.since = since;
    }
  }
}
