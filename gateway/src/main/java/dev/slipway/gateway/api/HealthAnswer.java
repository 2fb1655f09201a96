package dev.slipway.gateway.api;

import dev.slipway.gateway.exchange.Exchange;
import dev.slipway.gateway.proxy.Lookup;
import dev.slipway.gateway.route.Service;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The health of the gateway and of the services behind it.
///
/// It answers 200 as long as the gateway can say anything: a service that is down degrades the
/// platform, and the gateway still has something better to say than a balancer in front of it.
/// What was found is good for a second, so that asking often asks the services no more often than
/// that.
public final class HealthAnswer {

  private static final long GOOD_FOR_NANOS = Duration.ofSeconds(1).toNanos();

  private final Lookup lookup;
  private @Nullable Future<JsonObject> found;
  private long foundAt;

  public HealthAnswer(Lookup lookup) {
    this.lookup = lookup;
  }

  /// Answers the exchange.
  public Future<Void> answer(Exchange exchange) {
    long now = System.nanoTime();
    if (found == null || now - foundAt > GOOD_FOR_NANOS) {
      foundAt = now;
      found = look();
    }
    return found.map(
        health -> {
          exchange.answer(200, health.encode());
          return null;
        });
  }

  private Future<JsonObject> look() {
    var asked = new EnumMap<Service, Future<Boolean>>(Service.class);
    for (Service service : Service.values()) {
      asked.put(service, lookup.ready(service));
    }
    return Future.all(List.copyOf(asked.values()))
        .map(
            all -> {
              var services = new JsonObject();
              asked.forEach(
                  (service, ready) ->
                      services.put(service.title(), ready.result() ? "up" : "down"));
              return new JsonObject()
                  .put("status", all.list().contains(false) ? "degraded" : "up")
                  .put("gateway", "up")
                  .put("services", services);
            });
  }
}
