package dev.slipway.gateway.proxy;

import dev.slipway.gateway.exchange.Exchange;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.UUID;

/// What a service is told beside the request itself.
final class ServiceHeaders {

  static final String IDEMPOTENCY_KEY = "Idempotency-Key";

  /// What the gateway says itself, or what is between it and its caller.
  private static final List<String> OURS =
      List.of(
          "Authorization",
          "Content-Length",
          "Expect",
          "Forwarded",
          "Host",
          "X-Forwarded-Host",
          "X-Forwarded-Port",
          "X-Forwarded-Prefix",
          "X-Forwarded-Ssl",
          "X-Real-IP");

  private ServiceHeaders() {}

  /// The caller's headers without their token, with what the gateway knows. Every call has an
  /// idempotency key, the caller's or one of its own: an invitation is made by reading it.
  static MultiMap of(Exchange exchange) {
    HttpServerRequest request = exchange.request();
    MultiMap prepared = EndToEnd.of(request.headers());
    for (String name : OURS) {
      prepared.remove(name);
    }
    prepared.set("X-Forwarded-For", request.remoteAddress().hostAddress());
    prepared.set("X-Forwarded-Proto", "https");
    prepared.set(Exchange.REQUEST_IDENTIFIER, exchange.identifier());
    if (!prepared.contains(IDEMPOTENCY_KEY)) {
      prepared.set(IDEMPOTENCY_KEY, "gw-" + UUID.randomUUID());
    }
    return prepared;
  }
}
