package dev.slipway.common.error;

import io.quarkus.vertx.http.runtime.VertxHttpRecorder;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import org.jboss.logging.MDC;

/// Comes before everything else a request meets: names the request and turns away bodies that are
/// too large.
///
/// Quarkus has a limit of its own, but answers it with an empty body, and before any resource is
/// asked. It has one for all paths; a service with archive routes raises that, and the paths keep
/// theirs here: a body whose length was not announced is cut off while it is read.
@ApplicationScoped
class RequestGuard {

  private static final int BEFORE_ALL_OTHERS = 10_000;

  /// Quarkus notes its own limit with the request just before this.
  private static final int AFTER_QUARKUS = 1;

  private final BodyLimits limits;

  RequestGuard(BodyLimits limits) {
    this.limits = limits;
  }

  void register(@Observes Filters filters) {
    filters.register(this::check, BEFORE_ALL_OTHERS);
    filters.register(this::limit, AFTER_QUARKUS);
  }

  private void limit(RoutingContext request) {
    request.put(VertxHttpRecorder.MAX_REQUEST_SIZE_KEY, limits.of(request));
    request.next();
  }

  private void check(RoutingContext request) {
    String id = RequestId.of(request);
    MDC.put("requestId", id);
    request.response().putHeader(RequestId.HEADER, id);
    long limit = limits.of(request);
    if (announcedLength(request) > limit) {
      // The body is not read, so the connection cannot carry another request.
      request
          .response()
          .setStatusCode(ErrorCode.BODY_TOO_LARGE.status())
          .putHeader(HttpHeaders.CONNECTION, "close")
          .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
          .end(
              JsonObject.mapFrom(
                      ErrorAnswer.of(ErrorCode.BODY_TOO_LARGE, ErrorMappers.tooLarge(limit), id))
                  .toBuffer())
          .onComplete(ended -> request.request().connection().close());
    } else {
      request.next();
    }
  }

  private static long announcedLength(RoutingContext request) {
    String length = request.request().getHeader(HttpHeaders.CONTENT_LENGTH);
    if (length == null) {
      return 0;
    }
    try {
      return Long.parseLong(length);
    } catch (NumberFormatException notANumber) {
      // The HTTP codec refuses such a request; this is not the place to judge it.
      return 0;
    }
  }
}
