package dev.slipway.gateway.proxy;

import dev.slipway.common.error.ErrorCode;
import dev.slipway.gateway.exchange.Exchange;
import dev.slipway.gateway.exchange.Refusal;
import dev.slipway.gateway.route.RequestTarget;
import dev.slipway.gateway.route.Service;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Asks account-service, for every single request, whether its caller may.
///
/// There is intentionally no cache: a member who was removed is out with the next request. A
/// question changes nothing, so one that a dying connection took along is asked once more.
public final class Permission {

  private static final Logger LOG = Logger.getLogger(Permission.class);
  private static final Pattern BEARER =
      Pattern.compile("bearer +([A-Za-z0-9._~+/=-]{1,8192})", Pattern.CASE_INSENSITIVE);

  private final Upstreams upstreams;
  private final InternalSecret secret;
  private final Duration patience;
  private final Outcomes outcomes;

  /// @param secret shows account-service that it is the gateway who asks
  /// @param outcomes tells account-service what came of the calls that it has written down
  public Permission(
      Upstreams upstreams, InternalSecret secret, Duration patience, Outcomes outcomes) {
    this.outcomes = outcomes;
    this.upstreams = upstreams;
    this.secret = secret;
    this.patience = patience;
  }

  /// Asks for the internal token with which a service acts for this caller.
  ///
  /// @param organization the name in the path, if any
  /// @return fails with a [Refusal], which may be account-service's own
  public Future<String> ask(
      Exchange exchange, RequestTarget target, @Nullable String organization) {
    String token = bearer(exchange);
    if (token == null) {
      return Future.failedFuture(
          new Refusal(
              ErrorCode.UNAUTHORIZED,
              "there is no access token in the request; sign in first",
              Map.of("WWW-Authenticate", "Bearer")));
    }
    Buffer question =
        new JsonObject()
            .put("token", token)
            .put("organization", organization)
            .put("method", exchange.request().method().name())
            .put("path", target.path())
            .put("entry", exchange.entry())
            .put("address", exchange.request().remoteAddress().hostAddress())
            .put("agent", exchange.request().getHeader("User-Agent"))
            .put("request", exchange.identifier())
            .toBuffer();
    return secret
        .read()
        .compose(
            shown ->
                put(exchange, question, shown)
                    .recover(
                        lost ->
                            exchange.abandoned()
                                    || lost instanceof Refusal
                                    || lost instanceof TimeoutException
                                ? Future.failedFuture(lost)
                                : put(exchange, question, shown)))
        .recover(
            failure -> {
              if (failure instanceof Refusal) {
                return Future.failedFuture(failure);
              }
              LOG.warnf("account-service did not answer: %s", failure.getMessage());
              return Future.failedFuture(Refusal.unavailable(Service.ACCOUNT.title()));
            });
  }

  private Future<String> put(Exchange exchange, Buffer question, String shown) {
    RequestOptions options =
        upstreams
            .longWait(Service.ACCOUNT, "POST", "/internal/authorize")
            .setTimeout(patience.toMillis())
            .putHeader("Content-Type", "application/json")
            .putHeader(InternalSecret.HEADER, shown)
            .putHeader(Exchange.REQUEST_IDENTIFIER, exchange.identifier());
    return upstreams
        .questions()
        .request(options)
        .compose(request -> request.send(question))
        .compose(response -> response.body().compose(body -> read(exchange, response, body)));
  }

  private Future<String> read(Exchange exchange, HttpClientResponse response, Buffer body) {
    int status = response.statusCode();
    JsonObject answer;
    try {
      answer = new JsonObject(body);
    } catch (DecodeException notJson) {
      answer = new JsonObject();
    }
    if (status == 200 && answer.getValue("token") instanceof String internal) {
      if (Boolean.TRUE.equals(answer.getValue("recorded"))) {
        exchange.whenEnded(
            (ended, operation, took) -> outcomes.report(exchange.entry(), ended, operation, took));
      }
      return Future.succeededFuture(internal);
    }
    if (status >= 400 && status < 500 && answer.getValue("message") instanceof String) {
      return Future.failedFuture(Refusal.passedOn(status, answer, response.headers()));
    }
    LOG.warnf("account-service answered the question who may with %d", status);
    return Future.failedFuture(Refusal.unavailable(Service.ACCOUNT.title()));
  }

  private static @Nullable String bearer(Exchange exchange) {
    String header = exchange.request().getHeader("Authorization");
    if (header == null) {
      return null;
    }
    Matcher matcher = BEARER.matcher(header.strip());
    return matcher.matches() ? matcher.group(1) : null;
  }
}
