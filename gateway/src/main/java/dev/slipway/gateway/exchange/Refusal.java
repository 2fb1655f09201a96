package dev.slipway.gateway.exchange;

import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A request that is not served, in the words its caller reads. Nothing else about a failure ever
/// leaves the gateway.
///
/// It is thrown or fails a future on the way, and becomes an answer at the edge.
public final class Refusal extends RuntimeException {

  private final int status;
  private final String code;
  private final String publicMessage;
  private final Map<String, String> headers;
  private final JsonObject further;

  /// @param code          stable and documented, in `snake_case`
  /// @param publicMessage without the full stop, which the official command adds
  public Refusal(int status, String code, String publicMessage) {
    this(status, code, publicMessage, Map.of());
  }

  public Refusal(int status, String code, String publicMessage, Map<String, String> headers) {
    this(status, code, publicMessage, headers, new JsonObject());
  }

  private Refusal(
      int status,
      String code,
      String publicMessage,
      Map<String, String> headers,
      JsonObject further) {
    // A refusal is an answer and not a fault, so it has no trace to collect.
    super(code + ": " + publicMessage, null, false, false);
    this.status = status;
    this.code = code;
    this.publicMessage = publicMessage;
    this.headers = Map.copyOf(headers);
    this.further = further;
  }

  /// The refusal of a service, which has the shape already. It gets this request's identifier.
  public static Refusal passedOn(int status, JsonObject body, MultiMap headers) {
    var kept = new HashMap<String, String>();
    for (String name : List.of("Retry-After", "WWW-Authenticate", "Allow")) {
      String value = headers.get(name);
      if (value != null) {
        kept.put(name, value);
      }
    }
    return new Refusal(
        status,
        body.getString("code", "refused"),
        body.getString("message", "refused"),
        kept,
        body);
  }

  /// A service does not answer at the moment.
  public static Refusal unavailable(String what) {
    return new Refusal(
        503,
        "service_unavailable",
        what + " is not available at the moment; try again",
        Map.of("Retry-After", "1"));
  }

  public int status() {
    return status;
  }

  Map<String, String> headers() {
    return headers;
  }

  String body(String requestIdentifier) {
    return further
        .copy()
        .put("message", publicMessage)
        .put("statusCode", status)
        .put("requestID", requestIdentifier)
        .put("code", code)
        .encode();
  }
}
