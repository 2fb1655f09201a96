package dev.slipway.cli.command;

import dev.slipway.cli.console.Surroundings;
import java.util.Map;

/// What the instances behind ports are called, as far as the one who asks may know.
final class InstanceNames {

  private InstanceNames() {}

  static Map<Integer, String> byPort(Surroundings surroundings) {
    return Map.of();
  }
}
