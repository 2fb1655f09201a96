package dev.slipway.gateway.exchange;

import dev.slipway.common.error.ErrorCode;
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

  private final ErrorCode code;
  private final String publicMessage;
  private final Map<String, String> headers;
  private final JsonObject further;

  /// @param publicMessage without the full stop, which the official command adds
  public Refusal(ErrorCode code, String publicMessage) {
    this(code, publicMessage, Map.of());
  }

  /// @param headers of the answer, beside those that every answer has
  public Refusal(ErrorCode code, String publicMessage, Map<String, String> headers) {
    this(code, publicMessage, headers, new JsonObject());
  }

  private Refusal(
      ErrorCode code, String publicMessage, Map<String, String> headers, JsonObject further) {
    // A refusal is an answer and not a fault, so it has no trace to collect.
    super(code.word() + ": " + publicMessage, null, false, false);
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
    ErrorCode code;
    try {
      code = new ErrorCode(String.valueOf(body.getValue("code")), status);
    } catch (IllegalArgumentException none) {
      code = new ErrorCode("refused", status);
    }
    return new Refusal(code, String.valueOf(body.getValue("message")), kept, body);
  }

  /// A service cannot be reached, and nothing was changed.
  public static Refusal unavailable(String what) {
    return new Refusal(
        ErrorCode.UNAVAILABLE,
        what + " cannot be reached at the moment; try again",
        Map.of("Retry-After", "1"));
  }

  String publicMessage() {
    return publicMessage;
  }

  int status() {
    return code.status();
  }

  Map<String, String> headers() {
    return headers;
  }

  String body(String requestIdentifier) {
    return further
        .copy()
        .put("message", publicMessage)
        .put("statusCode", code.status())
        .put("requestID", requestIdentifier)
        .put("code", code.word())
        .encode();
  }
}
