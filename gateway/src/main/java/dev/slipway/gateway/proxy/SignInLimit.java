package dev.slipway.gateway.proxy;

import dev.slipway.common.error.ErrorCode;
import dev.slipway.gateway.exchange.Refusal;
import dev.slipway.gateway.exchange.Sender;
import dev.slipway.gateway.route.RequestTarget;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/// Slows down guessing: every address has a bucket of tries that fills up again one by one.
///
/// A bucket is one number, the time at which it would be full again. The addresses seen longest
/// ago are forgotten first, so that somebody with many addresses costs a bounded amount of memory.
/// Used on one event loop only.
public final class SignInLimit {

  /// The official command asks for its device's token every few seconds until a person has signed
  /// in; neither that nor a refresh token can be guessed.
  /// What is longer is not looked into.
  private static final int LONGEST_GRANT = 16 * 1024;

  private static final Set<String> NOT_GUESSED =
      Set.of("urn:ietf:params:oauth:grant-type:device_code", "refresh_token");

  private static final int ADDRESSES = 10_000;

  private final long everyNanos;
  private final long burstNanos;
  private final LongSupplier nanoTime;
  private final Map<String, Long> fullAt =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > ADDRESSES;
        }
      };

  public SignInLimit(int burst, Duration every) {
    this(burst, every, System::nanoTime);
  }

  SignInLimit(int burst, Duration every, LongSupplier nanoTime) {
    this.everyNanos = every.toNanos();
    this.burstNanos = Math.multiplyExact(burst, everyNanos);
    this.nanoTime = nanoTime;
  }

  /// @return the refusal, when this address has used up its tries
  public Optional<Refusal> check(HttpServerRequest request, RequestTarget target, Buffer body) {
    if (target.path().equals("/oauth/token") && !guesses(request, body)) {
      return Optional.empty();
    }
    return take(Sender.of(request.remoteAddress()));
  }

  Optional<Refusal> take(String bucket) {
    long now = nanoTime.getAsLong();
    long full = fullAt.getOrDefault(bucket, now);
    long debt = Math.max(0, full - now);
    if (debt + everyNanos > burstNanos) {
      long seconds = Math.max(1, Math.ceilDiv(debt + everyNanos - burstNanos, 1_000_000_000L));
      return Optional.of(
          new Refusal(
              ErrorCode.TOO_MANY_REQUESTS,
              "too many sign-ins from this address; try again in " + seconds + " s",
              Map.of("Retry-After", String.valueOf(seconds))));
    }
    fullAt.put(bucket, now + debt + everyNanos);
    return Optional.empty();
  }

  /// Anything but one grant that is known to be harmless counts as a guess, so that a request which
  /// is understood differently elsewhere gains nothing.
  private static boolean guesses(HttpServerRequest request, Buffer body) {
    if (body.length() > LONGEST_GRANT) {
      return true;
    }
    String type = request.getHeader("Content-Type");
    if (type != null && type.startsWith("application/json")) {
      try {
        return !(new JsonObject(body).getValue("grant_type") instanceof String grant
            && NOT_GUESSED.contains(grant));
      } catch (DecodeException malformed) {
        return true;
      }
    }
    try {
      List<String> grants =
          new QueryStringDecoder(body.toString(StandardCharsets.UTF_8), false)
              .parameters()
              .getOrDefault("grant_type", List.of());
      return grants.size() != 1 || !NOT_GUESSED.contains(grants.getFirst());
    } catch (IllegalArgumentException malformed) {
      return true;
    }
  }
}
