package dev.slipway.common.operation.api;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import jakarta.annotation.Priority;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.List;
import java.util.regex.Pattern;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/// Turns away keys that are none, whatever is called: a caller who gave one that is silently
/// dropped would repeat the call and take it for safe.
@Singleton
class IdempotencyHeader {

  static final String NAME = "Idempotency-Key";

  private static final Pattern KEY = Pattern.compile("[ -~]{1,255}");

  @ServerRequestFilter
  @Priority(Priorities.AUTHENTICATION + 1)
  void check(ContainerRequestContext request) {
    List<String> given = request.getHeaders().get(NAME);
    if (given == null) {
      return;
    }
    String problem = null;
    if (given.size() > 1) {
      problem = "must be given once";
    } else if (given.getFirst().isBlank() || !KEY.matcher(given.getFirst()).matches()) {
      problem = "must be 1 to 255 printable ASCII characters";
    }
    if (problem != null) {
      throw ApiException.of(ErrorCode.INVALID_REQUEST, NAME + " " + problem)
          .field(NAME, problem)
          .build();
    }
  }
}
