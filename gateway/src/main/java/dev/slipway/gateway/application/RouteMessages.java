package dev.slipway.gateway.application;

import dev.slipway.common.contract.deploy.Route;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Reads routes from CloudEvents in structured JSON, and writes and reads them as they are kept.
///
/// Whatever is not wholly understood is no route: a request must never go to an address that was
/// guessed from half a message.
final class RouteMessages {

  private static final String TYPE = "slipway.deploy.route.v1";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,100}");
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9_.:-]{1,253}");
  private static final int MOST_EXECUTORS = 1_000;

  private RouteMessages() {}

  /// Reads the value of a record.
  static Optional<Route> read(String message) {
    try {
      var envelope = new JsonObject(message);
      return TYPE.equals(envelope.getValue("type"))
              && envelope.getValue("data") instanceof JsonObject data
          ? route(data)
          : Optional.empty();
    } catch (DecodeException notJson) {
      return Optional.empty();
    }
  }

  static JsonObject write(Route route) {
    var executors = new JsonArray();
    for (Route.Target target : route.executors()) {
      executors.add(
          new JsonObject()
              .put("executor", target.executor())
              .put("host", target.host())
              .put("port", target.port()));
    }
    return new JsonObject()
        .put("application", route.application())
        .put("organization", route.organization())
        .put("organizationName", route.organizationName())
        .put("name", route.name())
        .put("revision", route.revision())
        .put("version", route.version())
        .put("executors", executors)
        .put("removed", route.removed());
  }

  static Optional<Route> route(JsonObject data) {
    if (!(data.getValue("application") instanceof String application
            && data.getValue("organization") instanceof String organization
            && data.getValue("organizationName") instanceof String organizationName
            && data.getValue("name") instanceof String name
            && data.getValue("revision") instanceof Number revision
            && data.getValue("removed", false) instanceof Boolean removed)
        || revision instanceof Double) {
      return Optional.empty();
    }
    boolean named =
        List.of(application, organization, organizationName, name).stream()
            .allMatch(word -> NAME.matcher(word).matches());
    Optional<List<Route.Target>> executors = executors(data.getValue("executors"));
    if (!named || executors.isEmpty()) {
      return Optional.empty();
    }
    String version = data.getValue("version") instanceof String word ? word : null;
    return Optional.of(
        new Route(
            application,
            organization,
            organizationName,
            name,
            revision.longValue(),
            version,
            executors.get(),
            removed));
  }

  private static Optional<List<Route.Target>> executors(Object value) {
    if (!(value instanceof JsonArray array) || array.size() > MOST_EXECUTORS) {
      return Optional.empty();
    }
    var targets = new ArrayList<Route.Target>();
    for (Object one : array) {
      if (!(one instanceof JsonObject target
          && target.getValue("executor") instanceof String executor
          && target.getValue("host") instanceof String host
          && target.getValue("port") instanceof Integer port
          && HOST.matcher(host).matches()
          && port > 0
          && port < 65_536)) {
        return Optional.empty();
      }
      targets.add(new Route.Target(executor, host, port));
    }
    return Optional.of(targets);
  }
}
