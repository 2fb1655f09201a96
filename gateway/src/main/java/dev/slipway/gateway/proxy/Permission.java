package dev.slipway.gateway.proxy;

import dev.slipway.common.error.ErrorCode;
import dev.slipway.gateway.exchange.Exchange;
import dev.slipway.gateway.exchange.Refusal;
import dev.slipway.gateway.exchange.Sender;
import dev.slipway.gateway.route.RequestTarget;
import dev.slipway.gateway.route.Service;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Asks account-service, for every single request, whether its caller may.
///
/// There is intentionally no cache: a member who was removed is out with the next request. A
/// question changes nothing, so it is asked again while account-service, or its database, restarts.
public final class Permission {

  private static final Pattern BEARER =
      Pattern.compile("bearer +([A-Za-z0-9._~+/=-]{1,8192})", Pattern.CASE_INSENSITIVE);

  private final Vertx vertx;
  private final Upstreams upstreams;
  private final InternalSecret secret;
  private final Duration patience;
  private final Duration retryFor;
  private final Outcomes outcomes;

  /// That a caller may.
  ///
  /// @param token  with which a service acts for this caller
  /// @param holder who takes a share of what there is: the caller's organization, or the caller who
  ///     has none
  public record Granted(String token, String holder) {}

  /// @param secret   shows account-service that it is the gateway who asks
  /// @param patience how long one answer may take
  /// @param retryFor how long it is asked again, counted from the first failure
  /// @param outcomes tells account-service what came of the calls that it has written down
  public Permission(
      Vertx vertx,
      Upstreams upstreams,
      InternalSecret secret,
      Duration patience,
      Duration retryFor,
      Outcomes outcomes) {
    this.vertx = vertx;
    this.upstreams = upstreams;
    this.secret = secret;
    this.patience = patience;
    this.retryFor = retryFor;
    this.outcomes = outcomes;
  }

  /// Asks.
  ///
  /// @param organization the name in the path, if any
  /// @return fails with a [Refusal], which may be account-service's own
  public Future<Granted> ask(
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
    return put(exchange, question, new Attempts(vertx, retryFor));
  }

  private Future<Granted> put(Exchange exchange, Buffer question, Attempts attempts) {
    return secret
        .read()
        .compose(shown -> post(exchange, question, shown))
        .recover(
            failure -> {
              if (failure instanceof Refusal) {
                return Future.failedFuture(failure);
              }
              return attempts.again(
                  exchange, Service.ACCOUNT, failure, () -> put(exchange, question, attempts));
            });
  }

  private Future<Granted> post(Exchange exchange, Buffer question, String shown) {
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

  private Future<Granted> read(Exchange exchange, HttpClientResponse response, Buffer body) {
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
      return Future.succeededFuture(new Granted(internal, holder(exchange, answer)));
    }
    if (status >= 400 && status < 500 && answer.getValue("message") instanceof String) {
      return Future.failedFuture(Refusal.passedOn(status, answer, response.headers()));
    }
    return Future.failedFuture(new IOException("it answered with " + status));
  }

  private static String holder(Exchange exchange, JsonObject answer) {
    if (answer.getValue("organization") instanceof String organization) {
      return organization;
    }
    return answer.getValue("user") instanceof String user
        ? user
        : Sender.of(exchange.request().remoteAddress());
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
