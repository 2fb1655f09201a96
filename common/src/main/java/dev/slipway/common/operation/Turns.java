package dev.slipway.common.operation;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Which organizations this replica has served lately, so that one with much to do does not keep
/// the others waiting.
final class Turns {

  private static final int REMEMBERED = 1000;

  private long turn;

  /// The longest unserved first.
  private final Map<String, Long> served = new LinkedHashMap<>();

  synchronized void served(String organization) {
    served.remove(organization);
    served.put(organization, ++turn);
    if (served.size() > REMEMBERED) {
      served.remove(served.keySet().iterator().next());
    }
  }

  /// The organizations served, the longest ago first.
  synchronized List<String> inOrder() {
    return List.copyOf(served.keySet());
  }
}
