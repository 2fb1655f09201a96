package dev.slipway.gateway.exchange;

import dev.slipway.common.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;

/// Reads bodies into memory, so that they can be sent more than once.
///
/// @param limit     the largest body that is taken, in bytes
/// @param discarded how much of a larger one is read and thrown away, so that its sender, who looks
///                  for an answer only after the last byte, gets to see the refusal
/// @param patience  how long a body may take
public record RequestBody(Vertx vertx, int limit, long discarded, Duration patience) {

  /// @return fails with a [Refusal]: 413 when the body is too large, 408 when it takes too long
  public Future<Buffer> read(Exchange exchange) {
    HttpServerRequest request = exchange.request();
    if ("100-continue".equalsIgnoreCase(request.getHeader("Expect"))) {
      if (announced(request) > limit) {
        exchange.closeAfterAnswer();
        return Future.failedFuture(tooLarge());
      }
      request.response().writeContinue();
    }
    Promise<Buffer> read = Promise.promise();
    Buffer body = Buffer.buffer();
    long timer =
        vertx.setTimer(
            patience.toMillis(),
            late -> {
              exchange.closeAfterAnswer();
              read.tryFail(
                  new Refusal(
                      GatewayErrors.BODY_TOO_SLOW, "the body of the request did not arrive"));
            });
    var received = new long[1];
    request.handler(
        chunk -> {
          received[0] += chunk.length();
          if (received[0] <= limit) {
            body.appendBuffer(chunk);
          } else if (received[0] > discarded) {
            exchange.closeAfterAnswer();
            read.tryFail(tooLarge());
          }
        });
    request.exceptionHandler(
        broken ->
            read.tryFail(
                new Refusal(
                    GatewayErrors.BODY_INCOMPLETE, "the body of the request is not whole")));
    request.endHandler(
        end -> {
          if (received[0] > limit) {
            read.tryFail(tooLarge());
          } else {
            read.tryComplete(body);
          }
        });
    return read.future().onComplete(done -> vertx.cancelTimer(timer));
  }

  private Refusal tooLarge() {
    return new Refusal(
        ErrorCode.BODY_TOO_LARGE, "the body of the request is larger than " + limit + " bytes");
  }

  private static long announced(HttpServerRequest request) {
    try {
      String length = request.getHeader("Content-Length");
      return length == null ? 0 : Long.parseLong(length);
    } catch (NumberFormatException notANumber) {
      return 0;
    }
  }
}
