package dev.slipway.gateway.proxy;

import dev.slipway.gateway.exchange.Exchange;
import dev.slipway.gateway.exchange.Refusal;
import dev.slipway.gateway.route.Service;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import java.time.Duration;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/// The attempts at one thing: how long it is tried, counted from the first failure, and with which
/// pauses in between. Used on one event loop only.
public final class Attempts {

  private static final Logger LOG = Logger.getLogger(Attempts.class);
  private static final long FIRST_PAUSE_MILLIS = 50;
  private static final long LONGEST_PAUSE_MILLIS = 500;

  private final Vertx vertx;
  private final long patienceNanos;
  private boolean failed;
  private long firstFailureAt;
  private long pauseMillis;

  public Attempts(Vertx vertx, Duration patience) {
    this.vertx = vertx;
    this.patienceNanos = patience.toNanos();
  }

  /// Takes note of a failure.
  ///
  /// @return whether it is the first one
  public boolean failed() {
    boolean first = !failed;
    if (first) {
      failed = true;
      firstFailureAt = System.nanoTime();
    }
    return first;
  }

  /// Whether it has failed before.
  public boolean begun() {
    return failed;
  }

  /// Whether it has failed for too long to be tried again.
  public boolean exhausted() {
    return failed && System.nanoTime() - firstFailureAt > patienceNanos;
  }

  /// Tries to reach a service again after a pause, as long as somebody waits for it.
  ///
  /// @return fails with the [Refusal] that says so when the service is not to be reached
  <T> Future<T> again(
      Exchange exchange, Service service, Throwable failure, Supplier<Future<T>> attempt) {
    if (failed()) {
      LOG.warnf("%s: %s: %s", exchange.identifier(), service.title(), failure.getMessage());
    }
    if (exchange.abandoned() || exhausted() || failure instanceof ConnectionPoolTooBusyException) {
      return Future.failedFuture(Refusal.unavailable(service.title()));
    }
    return pause().compose(over -> attempt.get());
  }

  /// Waits before the next attempt, longer each time.
  public Future<Void> pause() {
    pauseMillis = Math.clamp(pauseMillis * 2, FIRST_PAUSE_MILLIS, LONGEST_PAUSE_MILLIS);
    Promise<Void> paused = Promise.promise();
    vertx.setTimer(pauseMillis, over -> paused.complete());
    return paused.future();
  }
}
