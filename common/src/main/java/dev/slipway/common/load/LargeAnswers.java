package dev.slipway.common.load;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.security.Caller;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.annotation.Priority;
import jakarta.interceptor.AroundInvoke;
import jakarta.interceptor.Interceptor;
import jakarta.interceptor.InvocationContext;
import jakarta.ws.rs.core.HttpHeaders;
import java.time.Duration;

/// Lets the calls marked with [LargeAnswer] in by turns. A turn lasts until the answer has been
/// taken: before, all of it is in memory.
@LargeAnswer
@Interceptor
@Priority(Interceptor.Priority.LIBRARY_BEFORE)
class LargeAnswers {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /// A turn's, which ends with its connection.
  private static final Duration LONGEST = Duration.ofMinutes(2);

  private static final int MOST_WAITING = 4;

  /// Of the whole service; each bean that is intercepted has an interceptor of its own.
  private static final Turns OWN = new Turns(3, MOST_WAITING);

  private static final Turns APPLICATION = new Turns(4, MOST_WAITING);

  private final Caller caller;
  private final CurrentVertxRequest request;

  LargeAnswers(Caller caller, CurrentVertxRequest request) {
    this.caller = caller;
    this.request = request;
  }

  @AroundInvoke
  Object inTurn(InvocationContext call) throws Exception {
    Turns turns =
        switch (call.getMethod().getAnnotation(LargeAnswer.class).value()) {
          case OWN -> OWN;
          case APPLICATION -> APPLICATION;
        };
    String organization = caller.organization();
    if (!turns.take(organization, PATIENCE)) {
      throw ApiException.of(
              ErrorCode.TOO_MANY_REQUESTS, "too much is being read already; try again shortly")
          .header(HttpHeaders.RETRY_AFTER, "5")
          .build();
    }
    endWithAnswer(request.getCurrent(), turns.giveBack(organization));
    return call.proceed();
  }

  /// An answer whose reader has left already tells nobody that it is over.
  private static void endWithAnswer(RoutingContext exchange, Runnable giveBack) {
    long tooLate = exchange.vertx().setTimer(LONGEST.toMillis(), timer -> breakOff(exchange));
    exchange.addEndHandler(
        over -> {
          exchange.vertx().cancelTimer(tooLate);
          giveBack.run();
        });
    if (exchange.response().closed() || exchange.response().ended()) {
      exchange.vertx().cancelTimer(tooLate);
      giveBack.run();
    }
  }

  /// Closed in the usual way, a connection waits until its reader takes what was written.
  private static void breakOff(RoutingContext exchange) {
    var unused = ((ConnectionBase) exchange.request().connection()).channel().close();
  }
}
