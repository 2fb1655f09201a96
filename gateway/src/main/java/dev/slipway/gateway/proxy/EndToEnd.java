package dev.slipway.gateway.proxy;

import io.vertx.core.MultiMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// The headers that are meant for the other end, and not for the next machine on the way.
public final class EndToEnd {

  /// Of RFC 9110 section 7.6.1, and those that were never written down.
  private static final Set<String> HOP_BY_HOP =
      Set.of(
          "connection",
          "http2-settings",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  /// Between the gateway and the services only, in both directions.
  private static final String INTERNAL_PREFIX = "x-slipway-";

  private EndToEnd() {}

  /// A copy without what is hop by hop, by standard or because `Connection` lists it, and without
  /// what is internal. The pseudo-headers of HTTP/2 are no headers either.
  public static MultiMap of(MultiMap headers) {
    Set<String> dropped = new HashSet<>(HOP_BY_HOP);
    for (String listed : headers.getAll("Connection")) {
      for (String name : List.of(listed.split(",", -1))) {
        dropped.add(name.strip().toLowerCase(Locale.ROOT));
      }
    }
    MultiMap kept = MultiMap.caseInsensitiveMultiMap();
    for (Map.Entry<String, String> header : headers) {
      String name = header.getKey().toLowerCase(Locale.ROOT);
      if (!dropped.contains(name) && !name.startsWith(INTERNAL_PREFIX) && !name.startsWith(":")) {
        kept.add(header.getKey(), header.getValue());
      }
    }
    return kept;
  }
}
