package dev.slipway.common.error;

import dev.slipway.common.id.Identifiers;
import io.vertx.ext.web.RoutingContext;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The id of a request: the caller's `X-Request-Id` when it is a plain word, otherwise a new one.
public final class RequestId {

  public static final String HEADER = "X-Request-Id";

  private static final String KEY = "slipway.request-id";

  // What a caller may choose ends up in log lines, so it is a short word and nothing else.
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._:-]{1,100}");

  private RequestId() {}

  /// The same for the whole life of a request.
  public static String of(RoutingContext request) {
    String known = request.get(KEY);
    if (known != null) {
      return known;
    }
    String id = choose(request.request().getHeader(HEADER));
    request.put(KEY, id);
    return id;
  }

  static String choose(@Nullable String offered) {
    return offered != null && PLAIN.matcher(offered).matches() ? offered : Identifiers.next("req");
  }
}
