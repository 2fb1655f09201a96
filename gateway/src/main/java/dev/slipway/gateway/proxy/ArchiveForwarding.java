package dev.slipway.gateway.proxy;

import dev.slipway.gateway.exchange.Exchange;
import dev.slipway.gateway.exchange.GatewayErrors;
import dev.slipway.gateway.exchange.Refusal;
import dev.slipway.gateway.exchange.RequestBody;
import dev.slipway.gateway.exchange.Shares;
import dev.slipway.gateway.route.Destination;
import dev.slipway.gateway.route.RequestTarget;
import dev.slipway.gateway.route.Service;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;

/// Takes an archive to deploy-service as it arrives, with as much of it in memory as fits between
/// two sockets: the caller is read no faster than the service reads.
///
/// The caller's permission is asked for before the first byte of the body is read, and again before
/// its end leaves: a body may take its time, and meanwhile its sender may have been removed. Until
/// then the service has nothing whole, and keeps nothing. Connecting may be tried again; once the
/// body flows nothing is, since it is gone. What is refused before the body is whole is answered at
/// once, and the rest of the body is read and thrown away, so that a caller who writes before
/// reading gets to see the answer.
public final class ArchiveForwarding {

  private static final int QUEUE_BYTES = 256 * 1024;

  private final Vertx vertx;
  private final Upstreams upstreams;
  private final Permission permission;
  private final RequestBody bodies;
  private final Bounds bounds;
  private final Shares ofHolder;
  private final Duration retryFor;

  /// What an archive may take.
  ///
  /// @param size   in bytes
  /// @param time   until it has arrived
  /// @param atOnce how many an organization may have under way
  public record Bounds(long size, Duration time, int atOnce) {}

  /// @param bodies how long the next bytes may take, and how the rest is thrown away
  public ArchiveForwarding(
      Vertx vertx,
      Upstreams upstreams,
      Permission permission,
      RequestBody bodies,
      Bounds bounds,
      Duration retryFor) {
    this.vertx = vertx;
    this.upstreams = upstreams;
    this.permission = permission;
    this.bodies = bodies;
    this.bounds = bounds;
    this.ofHolder = new Shares(bounds.atOnce());
    this.retryFor = retryFor;
  }

  /// Whether a body is small enough to be held like any other.
  public boolean isHeld(HttpServerRequest request) {
    long announced = RequestBody.announced(request);
    return announced >= 0 && announced <= bodies.limit();
  }

  /// Forwards; the body must not have been read.
  ///
  /// @return completes when the answer is on its way; whatever failed has been answered
  public Future<Void> send(Exchange exchange, RequestTarget target, Destination.Archive archive) {
    exchange.request().pause();
    return new Passage(exchange, target, archive).begin();
  }

  /// One archive on its way.
  private final class Passage {

    private final Exchange exchange;
    private final HttpServerRequest request;
    private final RequestTarget target;
    private final Destination.Archive archive;
    private final MultiMap headers;
    private final Attempts attempts = new Attempts(vertx, retryFor);
    private final Promise<HttpClientResponse> arrived = Promise.promise();
    private final long began = System.nanoTime();

    /// The piece with which an announced length is reached, kept back as the end is.
    private Buffer last = Buffer.buffer();

    private boolean asked;
    private boolean whole;
    private boolean paused;
    private long received;
    private long lastAt;

    Passage(Exchange exchange, RequestTarget target, Destination.Archive archive) {
      this.exchange = exchange;
      this.request = exchange.request();
      this.target = target;
      this.archive = archive;
      this.headers = ServiceHeaders.of(exchange);
    }

    Future<Void> begin() {
      Future<HttpClientResponse> answered =
          RequestBody.announced(request) > bounds.size()
              ? Future.failedFuture(RequestBody.tooLarge(bounds.size()))
              : authorize()
                  .compose(
                      granted -> {
                        ofHolder.take(exchange, granted.holder(), "uploads");
                        return connect(granted.token());
                      })
                  .compose(this::stream);
      return answered.transform(
          answer -> answer.succeeded() ? bringBack(answer.result()) : refuse(answer.cause()));
    }

    private Future<Permission.Granted> authorize() {
      return permission.ask(exchange, target, archive.organization());
    }

    /// The internal token lives for a minute, so that each further attempt asks for its own.
    private Future<HttpClientRequest> connect(String token) {
      return upstreams
          .archives()
          .request(
              upstreams
                  .longWait(Service.DEPLOY, request.method().name(), target.forwarded())
                  .setHeaders(headers.set("Authorization", "Bearer " + token)))
          .recover(
              failure ->
                  attempts.again(
                      exchange,
                      Service.DEPLOY,
                      failure,
                      () -> authorize().compose(granted -> connect(granted.token()))));
    }

    private Future<HttpClientResponse> stream(HttpClientRequest upstream) {
      if (exchange.abandoned()) {
        upstream.reset();
        return Future.failedFuture(Answer.lost(Service.DEPLOY, headers));
      }
      exchange.whenGone(upstream::reset);
      long announced = RequestBody.announced(request);
      if (announced >= 0) {
        upstream.putHeader("Content-Length", String.valueOf(announced));
      } else {
        upstream.setChunked(true);
      }
      upstream.setWriteQueueMaxSize(QUEUE_BYTES);
      upstream.drainHandler(
          room -> {
            if (paused && !whole) {
              paused = false;
              lastAt = System.nanoTime();
              request.resume();
            }
          });
      // What breaks on the way fails the answer too.
      upstream.exceptionHandler(broken -> arrived.tryFail(Answer.lost(Service.DEPLOY, headers)));
      upstream
          .response()
          .onSuccess(
              answer -> {
                answer.pause();
                if (!arrived.tryComplete(answer)) {
                  upstream.reset();
                }
              })
          .onFailure(lost -> arrived.tryFail(Answer.lost(Service.DEPLOY, headers)));
      request.handler(chunk -> pass(upstream, announced, chunk));
      request.exceptionHandler(broken -> giveUp(upstream, incomplete()));
      request.endHandler(end -> finish(upstream));
      if (RequestBody.waitsToBeAsked(request)) {
        asked = true;
        request.response().writeContinue();
      }
      lastAt = System.nanoTime();
      long timer =
          vertx.setPeriodic(
              Math.max(1, bodies.patience().toMillis() / 4),
              due -> {
                boolean late = System.nanoTime() - lastAt > bodies.patience().toNanos();
                if (!request.isEnded() && ((late && !paused) || left().isNegative())) {
                  giveUp(upstream, tooSlow());
                }
              });
      request.resume();
      return arrived.future().onComplete(done -> vertx.cancelTimer(timer));
    }

    private void pass(HttpClientRequest upstream, long announced, Buffer chunk) {
      received += chunk.length();
      lastAt = System.nanoTime();
      if (received > bounds.size()) {
        giveUp(upstream, RequestBody.tooLarge(bounds.size()));
        return;
      }
      if (received == announced) {
        last = chunk;
        return;
      }
      upstream.write(chunk);
      if (upstream.writeQueueFull()) {
        paused = true;
        request.pause();
      }
    }

    private void finish(HttpClientRequest upstream) {
      authorize()
          .onComplete(
              still -> {
                if (exchange.abandoned() || arrived.future().isComplete()) {
                  return;
                }
                if (still.succeeded()) {
                  whole = true;
                  upstream.end(last);
                } else {
                  arrived.fail(still.cause());
                  upstream.reset();
                }
              });
    }

    private void giveUp(HttpClientRequest upstream, Refusal refusal) {
      request.pause();
      arrived.tryFail(refusal);
      upstream.reset();
    }

    private Future<Void> bringBack(HttpClientResponse answer) {
      if (whole || exchange.abandoned()) {
        return Answer.bringBack(exchange, answer);
      }
      // The service has made up its mind before it saw everything.
      HttpServerResponse response = request.response();
      Answer.head(exchange, answer);
      exchange.closeAfterAnswer();
      Future<Void> rest = rest();
      return answer
          .pipe()
          .endOnSuccess(false)
          .endOnFailure(false)
          .to(response)
          .compose(
              said -> {
                answer.request().reset();
                return rest.compose(over -> exchange.end());
              })
          .recover(
              cut -> {
                Answer.cutShort(exchange, answer, cut);
                return Future.succeededFuture();
              });
    }

    private Future<Void> refuse(Throwable failure) {
      if (request.isEnded()) {
        exchange.fail(failure);
        return Future.succeededFuture();
      }
      return exchange.failEarly(failure, this::rest);
    }

    private Future<Void> rest() {
      // Whoever waits to be asked and was not sends nothing.
      return request.isEnded() || (RequestBody.waitsToBeAsked(request) && !asked)
          ? Future.succeededFuture()
          : bodies.discard(
              exchange, Math.max(bodies.discarded(), bounds.size() - received), left());
    }

    /// How long it may still take.
    private Duration left() {
      return bounds.time().minusNanos(System.nanoTime() - began);
    }

    private Refusal incomplete() {
      return new Refusal(GatewayErrors.BODY_INCOMPLETE, "the body of the request is not whole");
    }

    private Refusal tooSlow() {
      return new Refusal(GatewayErrors.BODY_TOO_SLOW, "the body of the request did not arrive");
    }
  }
}
