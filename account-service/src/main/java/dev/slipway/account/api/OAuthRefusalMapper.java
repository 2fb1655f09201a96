package dev.slipway.account.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.slipway.account.signin.OAuthRefusal;
import dev.slipway.common.error.RequestId;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Locale;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/// Answers refused grants so that clients of OAuth and clients of this platform both read them.
@Singleton
class OAuthRefusalMapper {

  record Refusal(
      String error,
      @JsonProperty("error_description") String description,
      String message,
      int statusCode,
      @JsonProperty("requestID") String requestId,
      String code) {}

  @ServerExceptionMapper(OAuthRefusal.class)
  Response refused(OAuthRefusal refusal, RoutingContext request) {
    String description = String.valueOf(refusal.getMessage());
    return Response.status(refusal.status())
        .type(MediaType.APPLICATION_JSON_TYPE)
        .header(HttpHeaders.CACHE_CONTROL, "no-store")
        .entity(
            new Refusal(
                refusal.error(),
                description,
                description.substring(0, 1).toLowerCase(Locale.ROOT) + description.substring(1),
                refusal.status(),
                RequestId.of(request),
                refusal.error().replace('_', '-')))
        .build();
  }
}
