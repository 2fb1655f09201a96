package dev.slipway.gateway;

import dev.slipway.common.error.ErrorCode;
import dev.slipway.gateway.api.HealthAnswer;
import dev.slipway.gateway.api.OperationsList;
import dev.slipway.gateway.application.Applications;
import dev.slipway.gateway.exchange.Connections;
import dev.slipway.gateway.exchange.Exchange;
import dev.slipway.gateway.exchange.GatewayErrors;
import dev.slipway.gateway.exchange.Refusal;
import dev.slipway.gateway.exchange.RequestBody;
import dev.slipway.gateway.proxy.ArchiveForwarding;
import dev.slipway.gateway.proxy.Forwarding;
import dev.slipway.gateway.proxy.SignInLimit;
import dev.slipway.gateway.route.Destination;
import dev.slipway.gateway.route.Pace;
import dev.slipway.gateway.route.RequestTarget;
import dev.slipway.gateway.route.Routes;
import dev.slipway.gateway.route.Service;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import java.util.Map;
import java.util.Optional;

/// Takes each request the whole way: where to, what with, and whether at this pace.
///
/// The hosts of applications are theirs. Of the others the name does not matter: the platform's own
/// interface answers under every name, including the one of the identity provider that the official
/// command insists on.
final class Door {

  /// What anybody may send is small: a name, a password, a token.
  private static final int LONGEST_OPEN = 64 * 1024;

  private final Connections connections;
  private final Applications applications;
  private final RequestBody bodies;
  private final SignInLimit signIns;
  private final Forwarding forwarding;
  private final ArchiveForwarding archives;
  private final OperationsList operations;
  private final HealthAnswer health;

  Door(
      Connections connections,
      Applications applications,
      RequestBody bodies,
      SignInLimit signIns,
      Forwarding forwarding,
      ArchiveForwarding archives,
      OperationsList operations,
      HealthAnswer health) {
    this.connections = connections;
    this.applications = applications;
    this.bodies = bodies;
    this.signIns = signIns;
    this.forwarding = forwarding;
    this.archives = archives;
    this.operations = operations;
    this.health = health;
  }

  /// Lets a connection in.
  void connected(HttpConnection connection) {
    connections.opened(connection);
  }

  /// Serves a request; every one that gets this far is answered.
  void serve(HttpServerRequest request) {
    Exchange exchange = Exchange.begin(request, connections);
    Optional<Future<Void>> forwarded = applications.forward(exchange);
    if (forwarded.isPresent()) {
      forwarded.get().onFailure(exchange::failWithPage);
      return;
    }
    if (!archives.isHeld(request)) {
      Optional<RequestTarget> target = understood(request);
      if (target.isPresent()
          && Routes.find(request.method().name(), target.get())
              instanceof Destination.Archive archive) {
        archives.send(exchange, target.get(), archive).onFailure(exchange::fail);
        return;
      }
    }
    bodies.read(exchange).compose(body -> route(exchange, body)).onFailure(exchange::fail);
  }

  /// Nothing for a path that is going to be refused.
  private static Optional<RequestTarget> understood(HttpServerRequest request) {
    try {
      return Optional.of(RequestTarget.parse(request.uri()));
    } catch (Refusal malformed) {
      return Optional.empty();
    }
  }

  /// Answers what is not HTTP enough to be served.
  void refuse(HttpServerRequest request) {
    Exchange exchange = Exchange.begin(request, connections);
    exchange.closeAfterAnswer();
    Throwable cause = request.decoderResult().cause();
    if (cause instanceof TooLongHttpLineException) {
      exchange.fail(
          new Refusal(GatewayErrors.PATH_TOO_LONG, "the path of the request is too long"));
    } else if (cause instanceof TooLongHttpHeaderException
        || cause instanceof TooLongFrameException) {
      exchange.fail(
          new Refusal(GatewayErrors.HEADERS_TOO_LARGE, "the headers of the request are too large"));
    } else {
      exchange.fail(new Refusal(GatewayErrors.MALFORMED_REQUEST, "the request is not understood"));
    }
  }

  private Future<Void> route(Exchange exchange, Buffer body) {
    HttpServerRequest request = exchange.request();
    String method = request.method().name();
    RequestTarget target = RequestTarget.parse(request.uri());
    return switch (Routes.find(method, target)) {
      case Destination.Health ignored -> health.answer(exchange);
      case Destination.Operations list -> operations.answer(exchange, target, list.organization());
      case Destination.Guarded guarded -> forwarding.guarded(exchange, target, guarded, body);
      case Destination.Archive archive ->
          forwarding.guarded(
              exchange,
              target,
              new Destination.Guarded(Service.DEPLOY, archive.organization(), Pace.WAITING),
              body);
      case Destination.Open open -> {
        if (body.length() > LONGEST_OPEN) {
          throw RequestBody.tooLarge(LONGEST_OPEN);
        }
        Optional<Refusal> refused =
            open.signIn() ? signIns.check(request, target, body) : Optional.empty();
        yield refused.isPresent()
            ? Future.failedFuture(refused.get())
            : forwarding.open(exchange, target, open, body);
      }
      case Destination.Unknown ignored ->
          throw new Refusal(ErrorCode.NOT_FOUND, "there is nothing at " + target.path());
      case Destination.WrongMethod wrong -> {
        String allowed = String.join(", ", wrong.allowed());
        throw new Refusal(
            ErrorCode.METHOD_NOT_ALLOWED,
            "%s is not possible here, only %s".formatted(method, allowed),
            Map.of("Allow", allowed));
      }
    };
  }
}
