package dev.slipway.gateway.proxy;

import dev.slipway.gateway.exchange.Refusal;
import dev.slipway.gateway.route.Service;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Tells account-service what came of the calls that it has written into the audit log: after they
/// were answered, several at a time, and again until it has heard. What a gateway takes along when
/// it dies stays unknown in the log. Used on one event loop only.
public final class Outcomes {

  private static final Logger LOG = Logger.getLogger(Outcomes.class);
  private static final long GATHER_MILLIS = 50;
  private static final long AGAIN_MILLIS = 1_000;
  private static final int AT_ONCE = 500;

  /// What waits while account-service is away; the oldest are given up first.
  private static final int MOST = 10_000;

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Vertx vertx;
  private final Upstreams upstreams;
  private final InternalSecret secret;
  private final Deque<JsonObject> waiting = new ArrayDeque<>();
  private boolean due;

  public Outcomes(Vertx vertx, Upstreams upstreams, InternalSecret secret) {
    this.vertx = vertx;
    this.upstreams = upstreams;
    this.secret = secret;
  }

  /// @param operation  that the call has begun
  /// @param tookMillis until the answer had left
  void report(String entry, int status, @Nullable String operation, long tookMillis) {
    if (waiting.size() >= MOST) {
      waiting.removeFirst();
    }
    waiting.addLast(
        new JsonObject()
            .put("id", entry)
            .put("status", status)
            .put("operation", operation)
            .put("tookMillis", tookMillis));
    tellAfter(GATHER_MILLIS);
  }

  private void tellAfter(long millis) {
    if (!due) {
      due = true;
      vertx.setTimer(millis, timer -> tell());
    }
  }

  private void tell() {
    List<JsonObject> told = new ArrayList<>();
    while (told.size() < AT_ONCE && !waiting.isEmpty()) {
      told.add(waiting.removeFirst());
    }
    post(told)
        .onComplete(
            answer -> {
              due = false;
              if (answer.failed()) {
                LOG.debugf("outcomes are told again: %s", answer.cause().getMessage());
                told.reversed().forEach(waiting::addFirst);
                tellAfter(AGAIN_MILLIS);
              } else if (!waiting.isEmpty()) {
                tellAfter(GATHER_MILLIS);
              }
            });
  }

  /// What it refuses it would refuse again.
  private static Future<Void> heard(int status) {
    if (status >= 500) {
      return Future.failedFuture(Refusal.unavailable(Service.ACCOUNT.title()));
    }
    if (status >= 300) {
      LOG.warnf("account-service refused outcomes with %d", status);
    }
    return Future.succeededFuture();
  }

  private Future<Void> post(List<JsonObject> told) {
    return secret
        .read()
        .compose(
            shown ->
                upstreams
                    .questions()
                    .request(
                        upstreams
                            .longWait(Service.ACCOUNT, "POST", "/internal/audit/outcomes")
                            .setTimeout(PATIENCE.toMillis())
                            .putHeader("Content-Type", "application/json")
                            .putHeader(InternalSecret.HEADER, shown)))
        .compose(
            request ->
                request.send(new JsonObject().put("outcomes", new JsonArray(told)).toBuffer()))
        .compose(response -> response.body().compose(body -> heard(response.statusCode())));
  }
}
