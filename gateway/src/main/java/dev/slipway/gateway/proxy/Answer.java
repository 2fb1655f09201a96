package dev.slipway.gateway.proxy;

import dev.slipway.gateway.exchange.Exchange;
import dev.slipway.gateway.exchange.GatewayErrors;
import dev.slipway.gateway.exchange.Refusal;
import dev.slipway.gateway.route.Service;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerResponse;
import java.util.Map;
import org.jboss.logging.Logger;

/// The answer of a service on its way to the caller.
final class Answer {

  private static final Logger LOG = Logger.getLogger(Answer.class);

  private Answer() {}

  /// Brings a paused answer back as it comes.
  static Future<Void> bringBack(Exchange exchange, HttpClientResponse answer) {
    HttpServerResponse response = exchange.request().response();
    if (exchange.abandoned()) {
      answer.request().reset();
      return Future.succeededFuture();
    }
    head(exchange, answer);
    return answer
        .pipe()
        .endOnFailure(false)
        .to(response)
        .recover(
            cut -> {
              cutShort(exchange, answer, cut);
              return Future.succeededFuture();
            });
  }

  /// Prepares the head of the caller's answer after the service's.
  static void head(Exchange exchange, HttpClientResponse answer) {
    HttpServerResponse response = exchange.request().response();
    response.setStatusCode(answer.statusCode());
    response.headers().setAll(EndToEnd.of(answer.headers()));
    exchange.putOwnHeaders(response.headers());
    if (!answer.headers().contains("Content-Length")) {
      response.setChunked(true);
    }
  }

  /// The head has left, so the connection is cut: half an answer must not look whole.
  static void cutShort(Exchange exchange, HttpClientResponse answer, Throwable cut) {
    LOG.infof("%s: the answer was cut short: %s", exchange.identifier(), cut.getMessage());
    answer.request().reset();
    exchange.breakOff();
  }

  /// Nobody knows what the service did. The answer names the key that the call had, with which it
  /// may be made again.
  ///
  /// @param sent the headers that the service was sent
  static Refusal lost(Service service, MultiMap sent) {
    return new Refusal(
        GatewayErrors.OUTCOME_UNKNOWN,
        "the connection to "
            + service.title()
            + " was lost before it answered; what was asked may or may not have been done",
        Map.of(
            "Retry-After",
            "1",
            ServiceHeaders.IDEMPOTENCY_KEY,
            sent.get(ServiceHeaders.IDEMPOTENCY_KEY)));
  }
}
