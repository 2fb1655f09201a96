package dev.slipway.gateway.proxy;

import dev.slipway.gateway.route.Service;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.time.Duration;

/// The connections to the services, in pools of their own, so that a hundred callers who wait for
/// operations leave room for one who only looks.
///
/// Pools are per service; their sizes are given, since Vert.x would take five.
public final class Upstreams {

  private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(2);

  /// Callers beyond this many find the service busy instead of queueing up memory.
  private static final int QUEUE = 2048;

  private final Addresses addresses;
  private final Duration answerPatience;
  private final HttpClient calls;
  private final HttpClient waits;
  private final HttpClient questions;
  private final HttpClient archives;
  private final HttpClient streams;
  private final int mostStreams;

  /// Where the services are.
  public record Addresses(URI account, URI instance, URI deploy) {

    URI of(Service service) {
      return switch (service) {
        case ACCOUNT -> account;
        case INSTANCE -> instance;
        case DEPLOY -> deploy;
      };
    }
  }

  /// How many connections each pool may have to one service.
  ///
  /// @param calls     for ordinary answers
  /// @param waits     for answers that may take their time
  /// @param questions for asking account-service who may, and services how they are
  /// @param archives  for archives on their way in
  /// @param streams   for answers that go on
  public record Sizes(int calls, int waits, int questions, int archives, int streams) {}

  public Upstreams(Vertx vertx, Addresses addresses, Sizes sizes, Duration answerPatience) {
    this.addresses = addresses;
    this.answerPatience = answerPatience;
    this.mostStreams = sizes.streams();
    this.calls = pool(vertx, sizes.calls());
    this.waits = pool(vertx, sizes.waits());
    this.questions = pool(vertx, sizes.questions());
    this.streams = pool(vertx, sizes.streams());
    // Each on a connection of its own: what was sent on one that had just been closed cannot be
    // sent again.
    this.archives = pool(vertx, sizes.archives(), false);
  }

  HttpClient calls() {
    return calls;
  }

  HttpClient waits() {
    return waits;
  }

  /// For short questions of the gateway itself.
  public HttpClient questions() {
    return questions;
  }

  HttpClient archives() {
    return archives;
  }

  HttpClient streams() {
    return streams;
  }

  /// How many of them there may be.
  int mostStreams() {
    return mostStreams;
  }

  /// An ordinary call to a service, which is given up when nothing comes for too long.
  RequestOptions call(Service service, String method, String path) {
    return longWait(service, method, path).setIdleTimeout(answerPatience.toMillis());
  }

  /// A call to a service whose answer may take its time.
  public RequestOptions longWait(Service service, String method, String path) {
    URI address = addresses.of(service);
    return new RequestOptions()
        .setHost(address.getHost())
        .setPort(address.getPort())
        .setMethod(HttpMethod.valueOf(method))
        .setURI(path);
  }

  private static HttpClient pool(Vertx vertx, int size) {
    return pool(vertx, size, true);
  }

  private static HttpClient pool(Vertx vertx, int size, boolean kept) {
    var options =
        new HttpClientOptions()
            .setConnectTimeout((int) CONNECT_PATIENCE.toMillis())
            // Dead peers of long waits are found by the system, since those have no idle timeout.
            .setTcpKeepAlive(true)
            .setTcpNoDelay(true)
            .setKeepAlive(kept)
            .setKeepAliveTimeout(60)
            .setMaxWaitQueueSize(QUEUE);
    return vertx.createHttpClient(options, new PoolOptions().setHttp1MaxSize(size));
  }
}
