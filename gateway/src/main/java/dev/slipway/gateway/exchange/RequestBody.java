package dev.slipway.gateway.exchange;

import dev.slipway.common.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads bodies into memory, so that they can be sent more than once.
///
/// @param limit     the largest body that is taken, in bytes
/// @param discarded how much of a larger one is read and thrown away, so that its sender, who looks
///                  for an answer only after the last byte, gets to see the refusal
/// @param patience  how long a body may take
/// @param held      what all of them have together
public record RequestBody(
    Vertx vertx, int limit, long discarded, Duration patience, HeldBodies held) {

  /// @return fails with a [Refusal]: 413 when the body is too large, 408 when it takes too long,
  ///     503 when there is no room for it
  public Future<Buffer> read(Exchange exchange) {
    HttpServerRequest request = exchange.request();
    if (waitsToBeAsked(request)) {
      if (announced(request) > limit) {
        exchange.closeAfterAnswer();
        return Future.failedFuture(tooLarge());
      }
      request.response().writeContinue();
    }
    return new Arrival(exchange).read();
  }

  /// One body on its way.
  private final class Arrival {

    private final Exchange exchange;
    private final Promise<Buffer> read = Promise.promise();
    private final HeldBodies.Body share;
    private Buffer body = Buffer.buffer();
    private long received;
    private @Nullable Refusal refused;

    Arrival(Exchange exchange) {
      this.exchange = exchange;
      this.share = held.begin(Sender.of(exchange.request().remoteAddress()), this::giveUp);
    }

    Future<Buffer> read() {
      HttpServerRequest request = exchange.request();
      exchange.whenOver(share::release);
      long timer =
          vertx.setTimer(
              patience.toMillis(),
              late ->
                  leave(
                      new Refusal(
                          GatewayErrors.BODY_TOO_SLOW, "the body of the request did not arrive")));
      request.handler(this::take);
      request.exceptionHandler(
          broken ->
              leave(
                  new Refusal(
                      GatewayErrors.BODY_INCOMPLETE, "the body of the request is not whole")));
      request.endHandler(end -> arrived());
      return read.future().onComplete(done -> vertx.cancelTimer(timer));
    }

    private void take(Buffer chunk) {
      received += chunk.length();
      if (received > discarded) {
        leave(tooLarge());
      } else if (received > limit) {
        drop(tooLarge());
      } else if (refused == null) {
        body.appendBuffer(chunk);
        share.grew(chunk.length());
      }
    }

    private void arrived() {
      if (refused == null) {
        share.arrived();
        read.tryComplete(body);
      } else {
        read.tryFail(refused);
      }
    }

    private void giveUp() {
      drop(
          new Refusal(
              GatewayErrors.OVERLOADED,
              "more is sent at the moment than there is room for; try again",
              Map.of("Retry-After", "1")));
    }

    /// The rest is read and thrown away.
    private void drop(Refusal refusal) {
      refused = refusal;
      share.release();
      body = Buffer.buffer();
    }

    /// The rest is not read.
    private void leave(Refusal refusal) {
      drop(refusal);
      exchange.closeAfterAnswer();
      read.tryFail(refusal);
    }
  }

  /// Reads what is left of a body and throws it away, since a sender looks for an answer only after
  /// the last byte. Never fails; is over when the body is, after this many bytes, after this long,
  /// and when none has come for as long as a body may take.
  public Future<Void> discard(Exchange exchange, long most, Duration longest) {
    HttpServerRequest request = exchange.request();
    Promise<Void> over = Promise.promise();
    long began = System.nanoTime();
    var left = new long[] {most};
    var lastAt = new long[] {began};
    long timer =
        vertx.setPeriodic(
            Math.max(1, patience.toMillis() / 4),
            due -> {
              long now = System.nanoTime();
              if (now - lastAt[0] > patience.toNanos() || now - began > longest.toNanos()) {
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
