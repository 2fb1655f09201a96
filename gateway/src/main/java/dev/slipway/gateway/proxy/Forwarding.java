package dev.slipway.gateway.proxy;

import dev.slipway.gateway.exchange.Exchange;
import dev.slipway.gateway.exchange.GatewayErrors;
import dev.slipway.gateway.exchange.Refusal;
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
  private final Duration retryFor;

  /// How many answers go on at the moment. Used on one event loop only.
  private int streams;

  public Forwarding(Vertx vertx, Upstreams upstreams, Permission permission, Duration retryFor) {
    this.vertx = vertx;
    this.upstreams = upstreams;
    this.permission = permission;
    this.retryFor = retryFor;
  }

  /// Forwards what anybody may send.
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
        .send();
  }

  /// Asks whether the caller may, and forwards in their name.
  ///
  /// @return completes when the answer is on its way, fails with a [Refusal]
  public Future<Void> guarded(
      Exchange exchange, RequestTarget target, Destination.Guarded destination, Buffer body) {
    var trip =
        new Trip(
            exchange, target, destination.service(), destination.pace(), true, body, destination);
    if (destination.pace() != Pace.STREAMING) {
      return trip.authorizeAndSend();
    }
    // Nobody waits for a stream to end, since nobody knows when one does.
    if (streams >= upstreams.mostStreams()) {
      return Future.failedFuture(Refusal.unavailable(destination.service().title()));
    }
    streams++;
    return trip.authorizeAndSend().onComplete(over -> streams--);
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

    Future<Void> authorizeAndSend() {
      return authorize().compose(may -> send());
    }

    private Future<Void> authorize() {
      if (guarded == null) {
        return Future.succeededFuture();
      }
      tokenAskedAt = System.nanoTime();
      return permission
          .ask(exchange, target, guarded.organization())
          .map(
              token -> {
                headers.set("Authorization", "Bearer " + token);
                return null;
              });
    }

    Future<Void> send() {
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
                  arrived.succeeded()
                      ? Answer.bringBack(exchange, arrived.result())
                      : again(arrived.cause()));
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
                      : System.nanoTime() - tokenAskedAt > TOKEN_NANOS
                          ? authorizeAndSend()
                          : send());
    }

    private Refusal lost() {
      return Answer.lost(service, headers);
    }
  }
}
