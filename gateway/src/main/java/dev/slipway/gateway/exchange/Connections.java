package dev.slipway.gateway.exchange;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Closes connections on which nothing has been asked for a while.
///
/// The server's own idle timeout is not used, since it would also cut those who wait for a long
/// answer; this one knows who waits. A request whose head never ends counts as nothing asked. Used
/// on one event loop only.
public final class Connections {

  private final long patienceNanos;
  private final Map<HttpConnection, Use> open = new HashMap<>();

  private Connections(Duration patience) {
    this.patienceNanos = patience.toNanos();
  }

  /// Begins to look around; goes on as long as Vert.x runs.
  public static Connections watched(Vertx vertx, Duration patience) {
    var connections = new Connections(patience);
    vertx.setPeriodic(
        Math.max(1, patience.toMillis() / 4), due -> connections.closeIdle(System.nanoTime()));
    return connections;
  }

  /// Takes note of a connection.
  public void opened(HttpConnection connection) {
    open.put(connection, new Use(System.nanoTime()));
    connection.closeHandler(closed -> open.remove(connection));
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
