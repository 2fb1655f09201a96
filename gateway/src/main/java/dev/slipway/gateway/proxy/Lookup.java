package dev.slipway.gateway.proxy;

import dev.slipway.gateway.exchange.Exchange;
import dev.slipway.gateway.route.Service;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;

/// Asks the services for what goes into the gateway's own answers.
public final class Lookup {

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration HEALTH_PATIENCE = Duration.ofSeconds(1);

  private final Upstreams upstreams;

  public Lookup(Upstreams upstreams) {
    this.upstreams = upstreams;
  }

  /// What a service answered.
  public record Found(int status, MultiMap headers, Buffer body) {}

  /// Gets something in a caller's name; fails when the service does not answer.
  public Future<Found> get(Exchange exchange, Service service, String path, String token) {
    return upstreams
        .calls()
        .request(
            upstreams
                .longWait(service, "GET", path)
                .setTimeout(PATIENCE.toMillis())
                .putHeader("Authorization", "Bearer " + token)
                .putHeader(Exchange.REQUEST_IDENTIFIER, exchange.identifier()))
        .compose(request -> request.send())
        .compose(
            response ->
                response
                    .body()
                    .map(body -> new Found(response.statusCode(), response.headers(), body)));
  }

  /// Whether a service says that it is ready.
  public Future<Boolean> ready(Service service) {
    return upstreams
        .questions()
        .request(
            upstreams
                .longWait(service, "GET", "/q/health/ready")
                .setTimeout(HEALTH_PATIENCE.toMillis()))
        .compose(request -> request.send())
        .compose(response -> response.body().map(body -> response.statusCode() == 200))
        .otherwise(false);
  }
}
