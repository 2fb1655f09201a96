package dev.slipway.gateway.proxy;

import dev.slipway.gateway.exchange.Exchange;
import dev.slipway.gateway.exchange.GatewayErrors;
import dev.slipway.gateway.exchange.Refusal;
import dev.slipway.gateway.exchange.Shares;
import dev.slipway.gateway.route.Destination;
import dev.slipway.gateway.route.Pace;
import dev.slipway.gateway.route.RequestTarget;
import dev.slipway.gateway.route.Routes;
import dev.slipway.gateway.route.Service;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Takes a request to a service and brings its answer back, over a restart of that service.
///
/// The body is held until the answer comes, since it may have to be sent again; that is why this
/// is written on the client and not on vertx-http-proxy, which hands a body through as it arrives.
///
/// What may be sent again: everything as long as it was certainly not sent, safe methods always,
/// and changes where idempotency keys are remembered, which is everywhere but at signing in. Every
/// change has one, the caller's or
/// ours, so that the second sending finds the operation that the first one began. Once the head of
/// an answer is on its way to the caller nothing is sent again.
public final class Forwarding {

  private static final Logger LOG = Logger.getLogger(Forwarding.class);

  /// The internal token lives for a minute; a call that is sent again late asks for another.
  private static final long TOKEN_NANOS = Duration.ofSeconds(20).toNanos();

  private final Vertx vertx;
  private final Upstreams upstreams;
  private final Permission permission;
  private final InternalSecret secret;
  private final Duration retryFor;
  private final Bounds bounds;
  private final Shares waitsOfHolder;
  private final Shares changesOfHolder;
  private final Shares streamsOfHolder;

  /// What one caller may take of what there is for all.
  ///
  /// @param waits   that an organization may have at once, and as many changes beside them
  /// @param streams that an organization may have at once
  /// @param reader  how long an answer waits for its reader to take more of it
  public record Bounds(int waits, int streams, Duration reader) {}

  /// How many answers go on at the moment. Used on one event loop only.
  private int streams;

  public Forwarding(
      Vertx vertx,
      Upstreams upstreams,
      Permission permission,
      InternalSecret secret,
      Duration retryFor,
      Bounds bounds) {
    this.vertx = vertx;
    this.upstreams = upstreams;
    this.permission = permission;
    this.secret = secret;
    this.retryFor = retryFor;
    this.bounds = bounds;
    this.waitsOfHolder = new Shares(bounds.waits());
    this.changesOfHolder = new Shares(bounds.waits());
    this.streamsOfHolder = new Shares(bounds.streams());
  }

  /// Forwards what anybody may send. The service takes it from the gateway alone, which knows where
  /// it came from.
  ///
  /// @return completes when the answer is on its way, fails with a [Refusal]
  public Future<Void> open(
      Exchange exchange, RequestTarget target, Destination.Open destination, Buffer body) {
    return new Trip(
            exchange,
            target,
            destination.service(),
            Pace.PROMPT,
            destination.remembersKeys(),
            body,
            null)
        .prepareAndSend();
  }

  /// Asks whether the caller may, and forwards in their name.
  ///
  /// @return completes when the answer is on its way, fails with a [Refusal]
  public Future<Void> guarded(
      Exchange exchange, RequestTarget target, Destination.Guarded destination, Buffer body) {
    Pace pace = destination.pace();
    var trip = new Trip(exchange, target, destination.service(), pace, true, body, destination);
    return trip.authorize(destination)
        .compose(
            holder ->
                switch (pace) {
                  case PROMPT -> trip.send();
                  case WAITING -> {
                    if (Routes.safe(trip.method)) {
                      waitsOfHolder.take(exchange, holder, "calls that wait");
                    } else {
                      changesOfHolder.take(exchange, holder, "changes");
                    }
                    yield trip.send();
                  }
                  case STREAMING -> {
                    streamsOfHolder.take(exchange, holder, "streams");
                    yield stream(trip);
                  }
                });
  }

  /// Nobody waits for a stream to end, since nobody knows when one does.
  private Future<Void> stream(Trip trip) {
    if (streams >= upstreams.mostStreams()) {
      return Future.failedFuture(Refusal.unavailable(trip.service.title()));
    }
    streams++;
    return trip.send().onComplete(over -> streams--);
  }

  /// One request on its way, with all its attempts.
  private final class Trip {

    private final Exchange exchange;
    private final RequestTarget target;
    private final Service service;
    private final Pace pace;
    private final boolean remembersKeys;
    private final Buffer body;
    private final Destination.@Nullable Guarded guarded;
    private final String method;
    private final MultiMap headers;
    private final Attempts attempts = new Attempts(vertx, retryFor);

    private boolean sent;
    private long tokenAskedAt;

    Trip(
        Exchange exchange,
        RequestTarget target,
        Service service,
        Pace pace,
        boolean remembersKeys,
        Buffer body,
        Destination.@Nullable Guarded guarded) {
      this.exchange = exchange;
      this.target = target;
      this.service = service;
      this.pace = pace;
      this.remembersKeys = remembersKeys;
      this.body = body;
      this.guarded = guarded;
      this.method = exchange.request().method().name();
      this.headers = ServiceHeaders.of(exchange);
    }

    Future<Void> prepareAndSend() {
      return guarded == null ? introduceAndSend() : authorize(guarded).compose(may -> send());
    }

    private Future<Void> introduceAndSend() {
      return secret
          .read()
          .transform(
              shown -> {
                if (shown.failed()) {
                  return again(shown.cause());
                }
                headers.set(InternalSecret.HEADER, shown.result());
                return send();
              });
    }

    /// @return who takes a share
    private Future<String> authorize(Destination.Guarded guarded) {
      tokenAskedAt = System.nanoTime();
      return permission
          .ask(exchange, target, guarded.organization())
          .map(
              granted -> {
                headers.set("Authorization", "Bearer " + granted.token());
                return granted.holder();
              });
    }

    private Future<Void> send() {
      sent = false;
      HttpClient client =
          switch (pace) {
            case PROMPT -> upstreams.calls();
            case WAITING -> upstreams.waits();
            case STREAMING -> upstreams.streams();
          };
      RequestOptions options =
          pace == Pace.PROMPT
              ? upstreams.call(service, method, target.forwarded())
              : upstreams.longWait(service, method, target.forwarded());
      return client
          .request(options.setHeaders(headers))
          .compose(
              request -> {
                sent = true;
                exchange.whenGone(request::reset);
                boolean bare = body.length() == 0 && Routes.safe(method);
                return (bare ? request.send() : request.send(body)).map(HttpClientResponse::pause);
              })
          .transform(
              arrived ->
                  arrived.succeeded() ? bringBack(arrived.result()) : again(arrived.cause()));
    }

    /// The connection on which an answer comes is one of few, and its reader may take nothing of
    /// it. A prompt answer has a patience of its own.
    private Future<Void> bringBack(HttpClientResponse answer) {
      Future<Void> brought = Answer.bringBack(exchange, answer);
      if (pace == Pace.PROMPT || brought.isComplete()) {
        return brought;
      }
      HttpServerResponse response = exchange.request().response();
      var written = new long[] {-1};
      var takenAt = new long[] {System.nanoTime()};
      long timer =
          vertx.setPeriodic(
              Math.max(1, bounds.reader().toMillis() / 4),
              due -> {
                boolean stuck =
                    !response.ended()
                        && response.writeQueueFull()
                        && response.bytesWritten() == written[0];
                if (!stuck) {
                  written[0] = response.bytesWritten();
                  takenAt[0] = System.nanoTime();
                } else if (System.nanoTime() - takenAt[0] > bounds.reader().toNanos()) {
                  exchange.breakOff();
                }
              });
      return brought.onComplete(over -> vertx.cancelTimer(timer));
    }

    private Future<Void> again(Throwable failure) {
      if (exchange.abandoned()) {
        return Future.failedFuture(lost());
      }
      if (failure instanceof ConnectionPoolTooBusyException) {
        return Future.failedFuture(Refusal.unavailable(service.title()));
      }
      if (sent && failure instanceof TimeoutException) {
        return Future.failedFuture(
            new Refusal(GatewayErrors.SERVICE_SLOW, service.title() + " did not answer in time"));
      }
      if (attempts.failed()) {
        LOG.infof("%s: %s: %s", exchange.identifier(), service.title(), failure.getMessage());
      }
      boolean mayRepeat = !sent || Routes.safe(method) || remembersKeys;
      if (!mayRepeat) {
        return Future.failedFuture(lost());
      }
      if (attempts.exhausted()) {
        boolean untouched = !sent || Routes.safe(method);
        return Future.failedFuture(untouched ? Refusal.unavailable(service.title()) : lost());
      }
      return attempts
          .pause()
          .compose(
              over ->
                  exchange.abandoned()
                      ? Future.failedFuture(lost())
                      : guarded == null || System.nanoTime() - tokenAskedAt > TOKEN_NANOS
                          ? prepareAndSend()
                          : send());
    }

    private Refusal lost() {
      return Answer.lost(service, headers);
    }
  }
}
