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
    if (waitsToBeAsked(request)) {
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

  /// Reads what is left of a body and throws it away, since a sender looks for an answer only after
  /// the last byte. Never fails; is over when the body is, after this many bytes, and when none has
  /// come for as long as a body may take.
  public Future<Void> discard(Exchange exchange, long most) {
    HttpServerRequest request = exchange.request();
    Promise<Void> over = Promise.promise();
    var left = new long[] {most};
    var lastAt = new long[] {System.nanoTime()};
    long timer =
        vertx.setPeriodic(
            Math.max(1, patience.toMillis() / 4),
            due -> {
              if (System.nanoTime() - lastAt[0] > patience.toNanos()) {
                over.tryComplete();
              }
            });
    request.exceptionHandler(broken -> over.tryComplete());
    request.endHandler(end -> over.tryComplete());
    request.handler(
        chunk -> {
          lastAt[0] = System.nanoTime();
          left[0] -= chunk.length();
          if (left[0] < 0) {
            over.tryComplete();
          }
        });
    if (request.isEnded()) {
      over.tryComplete();
    } else {
      request.resume();
    }
    return over.future().onComplete(done -> vertx.cancelTimer(timer));
  }

  /// Whether the sender waits to be asked before sending.
  public static boolean waitsToBeAsked(HttpServerRequest request) {
    return "100-continue".equalsIgnoreCase(request.getHeader("Expect"));
  }

  /// The length the sender announced; -1 when there is none.
  public static long announced(HttpServerRequest request) {
    try {
      String length = request.getHeader("Content-Length");
      return length == null ? -1 : Long.parseLong(length);
    } catch (NumberFormatException notANumber) {
      return -1;
    }
  }

  private Refusal tooLarge() {
    return tooLarge(limit);
  }

  /// What is said of a body that is larger than this.
  public static Refusal tooLarge(long limit) {
    return new Refusal(
        ErrorCode.BODY_TOO_LARGE, "the body of the request is larger than " + limit + " bytes");
  }
}
