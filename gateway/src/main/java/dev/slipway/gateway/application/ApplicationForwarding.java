package dev.slipway.gateway.application;

import dev.slipway.common.error.ErrorCode;
import dev.slipway.gateway.exchange.Exchange;
import dev.slipway.gateway.exchange.GatewayErrors;
import dev.slipway.gateway.exchange.Refusal;
import dev.slipway.gateway.exchange.RequestBody;
import dev.slipway.gateway.proxy.Attempts;
import dev.slipway.gateway.proxy.EndToEnd;
import dev.slipway.gateway.route.Routes;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Takes requests to the executors of applications, and everything back as it comes.
///
/// What was certainly not sent goes to another executor, whatever it is. What changes nothing and
/// got no answer is sent again, to another executor or to the same one after its restart. What may
/// have changed something is never sent twice; so that it is not lost to a connection which the
/// executor is just closing, it only travels on one that is new or was used a moment ago.
///
/// Every attempt looks into the route table anew: after a switch nothing goes to the old executors,
/// and what was under way there ends there.
public final class ApplicationForwarding {

  private static final Logger LOG = Logger.getLogger(ApplicationForwarding.class);
  private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(2);

  /// What an executor says of its own patience counts more.
  private static final int KEPT_SECONDS = 3;

  /// Common servers close what was idle for five seconds, and the most impatient ones for two.
  private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

  private static final String EVENTS = "text/event-stream";

  /// What the gateway says itself, or what is between it and its caller.
  private static final List<String> OURS =
      List.of(
          "Expect",
          "Forwarded",
          "X-Forwarded-For",
          "X-Forwarded-Host",
          "X-Forwarded-Port",
          "X-Forwarded-Prefix",
          "X-Forwarded-Proto",
          "X-Forwarded-Ssl",
          "X-Real-IP");

  private final Vertx vertx;
  private final RouteTable table;
  private final HttpClient client;

  /// What becomes a WebSocket keeps its connection, so it begins on a new one.
  private final HttpClient upgrades;

  private final Patience patience;

  /// When the connections to executors that are open were last used.
  private final Map<HttpConnection, Long> lastUsed = new HashMap<>();

  /// How long things may take.
  ///
  /// @param firstByte the first byte of an answer
  /// @param retryFor  trying again, from the first failure
  public record Patience(Duration firstByte, Duration retryFor) {}

  /// @param connections how many there may be to one executor
  public ApplicationForwarding(Vertx vertx, RouteTable table, int connections, Patience patience) {
    this.vertx = vertx;
    this.table = table;
    this.patience = patience;
    this.client = client(vertx, connections);
    this.upgrades = client(vertx, connections);
  }

  private HttpClient client(Vertx vertx, int connections) {
    return vertx
        .httpClientBuilder()
        .with(
            new HttpClientOptions()
                .setConnectTimeout((int) CONNECT_PATIENCE.toMillis())
                // Dead peers of streams are found by the system, since those have no idle timeout.
                .setTcpKeepAlive(true)
                .setTcpNoDelay(true)
                .setKeepAliveTimeout(KEPT_SECONDS)
                .setMaxWaitQueueSize(connections))
        .with(new PoolOptions().setHttp1MaxSize(connections))
        .withConnectHandler(this::connected)
        .build();
  }

  private void connected(HttpConnection connection) {
    lastUsed.put(connection, System.nanoTime());
    connection.closeHandler(closed -> lastUsed.remove(connection));
  }

  private void used(HttpConnection connection) {
    lastUsed.computeIfPresent(connection, (open, before) -> System.nanoTime());
  }

  /// Whether the executor may be closing this connection, unknown to us.
  private boolean isStale(HttpConnection connection) {
    Long since = lastUsed.get(connection);
    return since != null && System.nanoTime() - since > FRESH_NANOS;
  }

  /// Forwards a request whose body has not been read.
  ///
  /// @param label the first label of its host
  /// @return completes when the answer is on its way, fails with a [Refusal]
  public Future<Void> forward(Exchange exchange, String authority, String label) {
    HttpServerRequest request = exchange.request();
    if (request.method().equals(HttpMethod.CONNECT)) {
      throw new Refusal(ErrorCode.METHOD_NOT_ALLOWED, "CONNECT is not possible here");
    }
    if (table.find(label).isEmpty()) {
      throw notFound(label);
    }
    var trip = new Trip(exchange, authority, label, target(request.uri()));
    if (upgrades(request)) {
      request.pause();
      return trip.send();
    }
    if (RequestBody.waitsToBeAsked(request)) {
      request.response().writeContinue();
    }
    return Routes.safe(request.method().name()) ? trip.sendBare() : trip.sendStreaming(null);
  }

  private static boolean upgrades(HttpServerRequest request) {
    return request.version() == HttpVersion.HTTP_1_1
        && request.method().equals(HttpMethod.GET)
        && "websocket".equalsIgnoreCase(request.getHeader("Upgrade"));
  }

  /// What the executor is asked for; a line that another reader would end elsewhere is refused.
  private static String target(String uri) {
    for (int i = 0; i < uri.length(); i++) {
      if (uri.charAt(i) <= ' ' || uri.charAt(i) > '~') {
        throw malformed("has a character that must be percent-encoded");
      }
    }
    if (uri.startsWith("/") || uri.equals("*")) {
      return uri;
    }
    // The form that proxies are sent begins with the scheme and the host.
    int authority = uri.indexOf("://");
    if (authority < 0) {
      throw malformed("does not begin with a slash");
    }
    int slash = uri.indexOf('/', authority + 3);
    return slash < 0 ? "/" : uri.substring(slash);
  }

  private static Refusal malformed(String why) {
    return new Refusal(GatewayErrors.MALFORMED_PATH, "the path of the request " + why);
  }

  private static Refusal notFound(String label) {
    return new Refusal(ErrorCode.NOT_FOUND, "there is no application at " + label);
  }

  private static Refusal notServed() {
    return new Refusal(
        ErrorCode.UNAVAILABLE,
        "the application is not running at the moment; try again",
        Map.of("Retry-After", "2"));
  }

  private static Refusal lost() {
    return new Refusal(
        GatewayErrors.OUTCOME_UNKNOWN,
        "the application went away before it answered; what was asked may or may not have been"
            + " done");
  }

  /// One request on its way, with all its attempts.
  private final class Trip {

    private final Exchange exchange;
    private final HttpServerRequest request;
    private final String label;
    private final String target;
    private final boolean upgrade;
    private final boolean safe;
    private final MultiMap headers;
    private final Attempts attempts = new Attempts(vertx, patience.retryFor());
    private final Set<Backend> refusing = new HashSet<>();

    private boolean bare;
    private @Nullable Buffer first;

    Trip(Exchange exchange, String authority, String label, String target) {
      this.exchange = exchange;
      this.request = exchange.request();
      this.label = label;
      this.target = target;
      this.upgrade = upgrades(request);
      this.bare = upgrade;
      this.safe = Routes.safe(request.method().name());
      this.headers = prepared(authority);
    }

    private MultiMap prepared(String authority) {
      MultiMap prepared = EndToEnd.of(request.headers());
      OURS.forEach(prepared::remove);
      prepared.set("Host", authority);
      prepared.set("X-Forwarded-For", request.remoteAddress().hostAddress());
      prepared.set("X-Forwarded-Host", authority);
      prepared.set("X-Forwarded-Proto", "https");
      prepared.set(Exchange.REQUEST_IDENTIFIER, exchange.identifier());
      if (upgrade) {
        prepared.set("Connection", "Upgrade");
        prepared.set("Upgrade", "websocket");
      }
      return prepared;
    }

    /// Finds out whether there is a body, which hardly any safe request has.
    Future<Void> sendBare() {
      Promise<Void> known = Promise.promise();
      request.exceptionHandler(broken -> known.tryFail(incomplete()));
      request.handler(
          chunk -> {
            request.pause();
            first = chunk;
            known.tryComplete();
          });
      request.endHandler(
          end -> {
            bare = first == null;
            known.tryComplete();
          });
      return known
          .future()
          .compose(
              over -> {
                Buffer chunk = first;
                return chunk == null ? send() : sendStreaming(chunk);
              });
    }

    /// @param chunk what has been read of the body
    Future<Void> sendStreaming(@Nullable Buffer chunk) {
      request.pause();
      first = chunk;
      return send();
    }

    private Future<Void> send() {
      Optional<ServedApplication> application = table.find(label);
      if (application.isEmpty()) {
        return Future.failedFuture(notFound(label));
      }
      if (!application.get().isServed()) {
        return attempts.exhausted() || !attempts.begun()
            ? Future.failedFuture(notServed())
            : later();
      }
      Optional<Backend> chosen = application.get().choose(refusing);
      if (chosen.isEmpty()) {
        attempts.failed();
        refusing.clear();
        return attempts.exhausted() ? Future.failedFuture(notServed()) : later();
      }
      return send(chosen.get());
    }

    private Future<Void> send(Backend backend) {
      backend.began();
      var options =
          new RequestOptions()
              .setServer(backend.address())
              .setHost(backend.target().host())
              .setPort(backend.target().port())
              .setMethod(request.method())
              .setURI(target)
              .setHeaders(headers);
      return (upgrade ? upgrades : client)
          .request(options)
          .transform(
              opened -> {
                if (opened.failed()) {
                  backend.ended();
                  return refused(backend, opened.cause());
                }
                HttpClientRequest upstream = opened.result();
                if (!mayBeRepeated() && isStale(upstream.connection())) {
                  backend.ended();
                  upstream.exceptionHandler(unused -> {});
                  return upstream.connection().close().transform(closed -> send());
                }
                backend.answers();
                return upgrade ? upgrade(backend, upstream) : carry(backend, upstream);
              });
    }

    private boolean mayBeRepeated() {
      return safe && bare;
    }

    /// Nothing was sent, so that another executor may get it.
    private Future<Void> refused(Backend backend, Throwable failure) {
      if (failure instanceof ConnectionPoolTooBusyException) {
        return Future.failedFuture(notServed());
      }
      if (attempts.failed()) {
        LOG.infof(
            "%s: %s: %s", exchange.identifier(), backend.target().executor(), failure.getMessage());
      }
      backend.setAside();
      refusing.add(backend);
      if (exchange.abandoned()) {
        return Future.failedFuture(lost());
      }
      return attempts.exhausted() ? Future.failedFuture(notServed()) : send();
    }

    private Future<Void> later() {
      return attempts
          .pause()
          .compose(over -> exchange.abandoned() ? Future.failedFuture(lost()) : send());
    }

    private Future<Void> carry(Backend backend, HttpClientRequest upstream) {
      if (exchange.abandoned()) {
        backend.ended();
        upstream.reset();
        return Future.failedFuture(lost());
      }
      exchange.whenGone(upstream::reset);
      upstream.exceptionHandler(broken -> LOG.debugf("%s: %s", exchange.identifier(), broken));
      var waiting = new Waiting(upstream);
      if (bare) {
        upstream.end();
        waiting.began();
      } else {
        pass(upstream, waiting);
      }
      return upstream
          .response()
          .map(HttpClientResponse::pause)
          .onComplete(over -> waiting.over())
          .transform(
              arrived -> {
                if (arrived.failed()) {
                  backend.ended();
                  return broken(arrived.cause(), waiting);
                }
                HttpClientResponse answer = arrived.result();
                if (!isEndless(answer)) {
                  return bringBack(answer).onComplete(over -> backend.ended());
                }
                backend.endlessBegan();
                return bringBack(answer).onComplete(over -> backend.endlessEnded());
              });
    }

    private static boolean isEndless(HttpClientResponse answer) {
      String type = answer.getHeader("Content-Type");
      return type != null && type.regionMatches(true, 0, EVENTS, 0, EVENTS.length());
    }

    private Future<Void> broken(Throwable failure, Waiting waiting) {
      if (waiting.expired) {
        return Future.failedFuture(
            new Refusal(GatewayErrors.SERVICE_SLOW, "the application did not answer in time"));
      }
      if (exchange.abandoned() || !mayBeRepeated()) {
        exchange.closeAfterAnswer();
        return Future.failedFuture(lost());
      }
      if (attempts.failed()) {
        LOG.infof("%s: %s: %s", exchange.identifier(), label, failure.getMessage());
      }
      return attempts.exhausted() ? Future.failedFuture(lost()) : later();
    }

    /// Sends the body as it comes, no faster than the executor reads it.
    private void pass(HttpClientRequest upstream, Waiting waiting) {
      boolean framed =
          request.version() == HttpVersion.HTTP_2
              || request.headers().contains("Transfer-Encoding");
      if (framed && !headers.contains("Content-Length")) {
        upstream.setChunked(true);
      }
      if (first != null) {
        upstream.write(first);
      }
      request
          .pipe()
          .endOnFailure(false)
          .to(upstream)
          .onSuccess(whole -> waiting.began())
          .onFailure(cut -> upstream.reset());
    }

    private Future<Void> bringBack(HttpClientResponse answer) {
      HttpServerResponse response = request.response();
      if (exchange.abandoned()) {
        answer.request().reset();
        return Future.succeededFuture();
      }
      int status = answer.statusCode();
      response.setStatusCode(status);
      response.headers().setAll(EndToEnd.of(answer.headers()));
      if (!response.headers().contains(Exchange.REQUEST_IDENTIFIER)) {
        response.putHeader(Exchange.REQUEST_IDENTIFIER, exchange.identifier());
      }
      boolean bodiless = status == 204 || status == 304 || request.method().equals(HttpMethod.HEAD);
      if (!bodiless && !answer.headers().contains("Content-Length")) {
        response.setChunked(true);
      }
      HttpConnection connection = answer.request().connection();
      return answer
          .pipe()
          .endOnFailure(false)
          .to(response)
          .onSuccess(whole -> used(connection))
          .recover(
              cut -> {
                // Half an answer must not look whole.
                LOG.infof("%s: the answer was cut short: %s", exchange.identifier(), cut);
                answer.request().reset();
                response.reset();
                return Future.succeededFuture();
              });
    }

    private Future<Void> upgrade(Backend backend, HttpClientRequest upstream) {
      exchange.whenGone(upstream::reset);
      upstream.exceptionHandler(broken -> LOG.debugf("%s: %s", exchange.identifier(), broken));
      var waiting = new Waiting(upstream);
      waiting.began();
      Future<HttpClientResponse> answered = upstream.connect();
      return answered
          .onComplete(over -> waiting.over())
          .transform(
              arrived -> {
                if (arrived.failed()) {
                  backend.ended();
                  return broken(arrived.cause(), waiting);
                }
                HttpClientResponse answer = arrived.result();
                request.resume();
                if (answer.statusCode() != 101) {
                  return bringBack(answer.pause()).onComplete(over -> backend.ended());
                }
                backend.endlessBegan();
                return join(answer).onComplete(over -> backend.endlessEnded());
              });
    }

    /// From here on the two ends talk to each other, for as long as they like.
    private Future<Void> join(HttpClientResponse answer) {
      NetSocket there = answer.netSocket();
      there.pause();
      HttpServerResponse response = request.response();
      response.setStatusCode(101);
      response.headers().setAll(EndToEnd.of(answer.headers()));
      response.putHeader("Connection", "Upgrade").putHeader("Upgrade", "websocket");
      exchange.whenGone(there::close);
      return request
          .toNetSocket()
          .compose(
              here -> {
                Promise<Void> over = Promise.promise();
                here.closeHandler(
                    closed -> {
                      there.close();
                      over.tryComplete();
                    });
                there.closeHandler(
                    closed -> {
                      here.close();
                      over.tryComplete();
                    });
                here.pipeTo(there);
                there.pipeTo(here);
                there.resume();
                return over.future();
              });
    }

    private Refusal incomplete() {
      return new Refusal(GatewayErrors.BODY_INCOMPLETE, "the body of the request is not whole");
    }
  }

  /// The time until the first byte of an answer, from the last one of the request.
  private final class Waiting {

    private final HttpClientRequest upstream;
    private long timer = -1;
    private boolean over;
    private boolean expired;

    Waiting(HttpClientRequest upstream) {
      this.upstream = upstream;
    }

    void began() {
      if (!over) {
        timer =
            vertx.setTimer(
                patience.firstByte().toMillis(),
                late -> {
                  expired = true;
                  upstream.reset();
                });
      }
    }

    void over() {
      over = true;
      if (timer >= 0) {
        vertx.cancelTimer(timer);
      }
    }
  }
}
