package dev.slipway.account.api;

import dev.slipway.account.audit.Origin;
import io.vertx.ext.web.RoutingContext;

/// Where a request came from, for counting attempts and for the audit log.
final class CallerAddress {

  private CallerAddress() {}

  /// All that is known of it.
  static Origin origin(RoutingContext request) {
    String agent = request.request().getHeader("User-Agent");
    String identifier = request.request().getHeader("X-Request-Id");
    return new Origin(
        of(request), agent == null ? "" : agent, identifier == null ? "" : identifier);
  }

  /// The last element of `X-Forwarded-For`, which the gateway wrote; those before it are the
  /// caller's own claim. Without the gateway, who is connected.
  static String of(RoutingContext request) {
    String forwarded = request.request().getHeader("X-Forwarded-For");
    if (forwarded == null || forwarded.isBlank()) {
      return request.request().remoteAddress().hostAddress();
    }
    String last = forwarded.substring(forwarded.lastIndexOf(',') + 1).strip();
    return last.length() <= 64 ? last : last.substring(0, 64);
  }
}
