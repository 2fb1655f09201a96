package dev.slipway.gateway.api;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.operation.OperationCursor;
import dev.slipway.common.operation.api.OperationFilters;
import dev.slipway.gateway.exchange.Exchange;
import dev.slipway.gateway.exchange.Refusal;
import dev.slipway.gateway.proxy.Lookup;
import dev.slipway.gateway.proxy.Permission;
import dev.slipway.gateway.route.RequestTarget;
import dev.slipway.gateway.route.Service;
import io.vertx.core.Future;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The operations of an organization, of every service, the newest first, page by page.
///
/// Each service gives its page after the same cursor, which is a time and an identifier; the first
/// of them all are the page of the whole.
///
/// A service that does not answer takes its part out of the list and not the list away; the header
/// `Warning` says so.
public final class OperationsList {

  private final Permission permission;
  private final Lookup lookup;

  public OperationsList(Permission permission, Lookup lookup) {
    this.permission = permission;
    this.lookup = lookup;
  }

  /// Answers the exchange.
  ///
  /// @return fails with a [Refusal]
  public Future<Void> answer(Exchange exchange, RequestTarget target, String organization) {
    return permission
        .ask(exchange, target, organization)
        .compose(
            granted -> {
              List<Future<Part>> parts = new ArrayList<>();
              for (Service service : Service.values()) {
                parts.add(part(exchange, target, service, granted.token()));
              }
              return Future.all(parts).map(all -> all.<Part>list());
            })
        .map(
            parts -> {
              answer(exchange, target, parts);
              return null;
            });
  }

  private Future<Part> part(
      Exchange exchange, RequestTarget target, Service service, String token) {
    return lookup
        .get(exchange, service, target.forwarded(), token)
        .map(found -> read(service, found))
        .otherwise(lost -> new Part.Missing(service));
  }

  private static Part read(Service service, Lookup.Found found) {
    // A service without operations of its own has nothing under this path.
    if (found.status() == 404) {
      return new Part.Listed(new JsonArray(), false);
    }
    try {
      if (found.status() == 200) {
        return new Part.Listed(
            new JsonArray(found.body()), found.headers().contains(OperationCursor.NEXT));
      }
      if (found.status() >= 400 && found.status() < 500) {
        return new Part.Refused(
            Refusal.passedOn(found.status(), new JsonObject(found.body()), found.headers()));
      }
    } catch (DecodeException notJson) {
      return new Part.Missing(service);
    }
    return new Part.Missing(service);
  }

  private static void answer(Exchange exchange, RequestTarget target, List<Part> parts) {
    boolean more = false;
    var missing = new ArrayList<String>();
    var operations = new ArrayList<JsonObject>();
    for (Part part : parts) {
      switch (part) {
        case Part.Refused refused -> throw refused.refusal();
        case Part.Missing gone -> missing.add(gone.service().title());
        case Part.Listed listed -> {
          more |= listed.more();
          for (Object operation : listed.operations()) {
            if (operation instanceof JsonObject object) {
              operations.add(object);
            }
          }
        }
      }
    }
    if (missing.size() == parts.size()) {
      throw Refusal.unavailable(String.join(" and ", missing));
    }
    operations.sort(
        Comparator.comparing(OperationsList::createdAt)
            .thenComparing(operation -> String.valueOf(operation.getValue("id")))
            .reversed());
    if (!missing.isEmpty()) {
      exchange
          .request()
          .response()
          .putHeader(
              "Warning",
              "199 slipway \"%s did not answer, operations are missing\""
                  .formatted(String.join(" and ", missing)));
    }
    int limit = limit(target);
    List<JsonObject> page = operations.size() > limit ? operations.subList(0, limit) : operations;
    if (!page.isEmpty() && (more || operations.size() > limit)) {
      JsonObject last = page.getLast();
      var cursor = new OperationCursor(createdAt(last), String.valueOf(last.getValue("id")));
      exchange.request().response().putHeader(OperationCursor.NEXT, cursor.encoded());
    }
    exchange.answer(200, new JsonArray(page).encode());
  }

  /// As the services have read it, who have been heard by now.
  private static int limit(RequestTarget target) {
    try {
      return OperationFilters.limit(target.parameter("limit"));
    } catch (ApiException bad) {
      throw new Refusal(bad.code(), String.valueOf(bad.getMessage()));
    }
  }

  /// Compared as times and not as text, since a fraction of a second may be there or not.
  private static Instant createdAt(JsonObject operation) {
    try {
      return Instant.parse(String.valueOf(operation.getValue("createdAt")));
    } catch (DateTimeParseException unknown) {
      return Instant.EPOCH;
    }
  }

  private sealed interface Part {
    /// @param more whether the service has more after these
    record Listed(JsonArray operations, boolean more) implements Part {}

    record Missing(Service service) implements Part {}

    record Refused(Refusal refusal) implements Part {}
  }
}
