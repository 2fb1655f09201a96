package dev.slipway.gateway.application;

import dev.slipway.gateway.proxy.InternalSecret;
import dev.slipway.gateway.proxy.Upstreams;
import dev.slipway.gateway.route.Service;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jboss.logging.Logger;

/// Tells deploy-service which revision of each route this gateway serves by, after each change and
/// from time to time, so that executors are stopped only when no request goes there any more.
///
/// A revision counts as served once the requests that were under way to executors which it no
/// longer has are over, or have taken too long to be waited for; those that stream without an end
/// hold nobody up.
///
/// What cannot be told is told the next time. Used on one event loop only.
final class Acknowledgements {

  private static final Logger LOG = Logger.getLogger(Acknowledgements.class);
  private static final long COALESCED_MILLIS = 5;
  private static final long LOOK_MILLIS = 20;
  private static final long EVERY_MILLIS = 2_000;
  private static final long PATIENCE_MILLIS = 2_000;

  private final String identifier = UUID.randomUUID().toString();
  private final Vertx vertx;
  private final RouteTable table;
  private final Upstreams upstreams;
  private final InternalSecret secret;
  private final Duration drainPatience;
  private final Map<String, Leaving> leaving = new HashMap<>();
  private final Map<String, Long> served = new HashMap<>();

  private boolean due;
  private boolean sending;
  private boolean again;

  Acknowledgements(
      Vertx vertx,
      RouteTable table,
      Upstreams upstreams,
      InternalSecret secret,
      Duration drainPatience) {
    this.vertx = vertx;
    this.table = table;
    this.upstreams = upstreams;
    this.secret = secret;
    this.drainPatience = drainPatience;
  }

  /// Begins to tell; goes on as long as Vert.x runs.
  void begin() {
    table.whenChanged(this::changed);
    vertx.setPeriodic(EVERY_MILLIS, beat -> send());
    changed();
  }

  private void changed() {
    if (!due) {
      due = true;
      vertx.setTimer(
          COALESCED_MILLIS,
          now -> {
            due = false;
            if (look()) {
              send();
            }
          });
    }
  }

  /// Finds the revisions that are served by now.
  ///
  /// @return whether there is something to tell
  private boolean look() {
    long now = System.nanoTime();
    boolean news = false;
    boolean waiting = false;
    var present = new HashMap<String, Long>(table.removed());
    for (ServedApplication application : table.all()) {
      String name = application.route().application();
      long revision = application.route().revision();
      long known = served.getOrDefault(name, Long.MIN_VALUE);
      if (revision != known && application.isLeaving()) {
        Leaving since = leaving.computeIfAbsent(name, none -> new Leaving(now));
        if (now - since.at() < drainPatience.toNanos()) {
          waiting = true;
          if (known != Long.MIN_VALUE) {
            present.put(name, known);
          }
          continue;
        }
      }
      leaving.remove(name);
      present.put(name, revision);
    }
    if (!present.equals(served)) {
      served.clear();
      served.putAll(present);
      news = true;
    }
    if (waiting && !due) {
      due = true;
      vertx.setTimer(
          LOOK_MILLIS,
          later -> {
            due = false;
            if (look()) {
              send();
            }
          });
    }
    return news;
  }

  private void send() {
    if (sending) {
      again = true;
      return;
    }
    sending = true;
    var revisions = new JsonObject();
    served.forEach(revisions::put);
    var body = new JsonObject().put("revisions", revisions).toBuffer();
    secret
        .read()
        .compose(
            shown ->
                upstreams
                    .questions()
                    .request(
                        upstreams
                            .longWait(Service.DEPLOY, "PUT", "/internal/gateways/" + identifier)
                            .setTimeout(PATIENCE_MILLIS)
                            .putHeader("Content-Type", "application/json")
                            .putHeader(InternalSecret.HEADER, shown)))
        .compose(request -> request.send(body))
        .compose(response -> response.body().map(response.statusCode()))
        .onComplete(
            done -> {
              sending = false;
              if (done.failed()) {
                LOG.debugf("deploy-service was not told: %s", done.cause().getMessage());
              } else if (done.result() >= 300) {
                LOG.debugf("deploy-service was told and answered %d", done.result());
              }
              if (again) {
                again = false;
                send();
              }
            });
  }

  private record Leaving(long at) {}
}
