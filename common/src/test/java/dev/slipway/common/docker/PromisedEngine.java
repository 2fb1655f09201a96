package dev.slipway.common.docker;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/// Tests that need a Docker engine are skipped where there is none, with the reason; where one was
/// promised (`SLIPWAY_TEST_ENGINE=required`), they fail.
public final class PromisedEngine {

  private PromisedEngine() {}

  /// @param why what of an engine is not there
  public static void missing(String why) {
    if (promised()) {
      Assertions.fail(why);
    }
    Assumptions.abort(why);
  }

  public static boolean promised() {
    return "required".equals(System.getenv("SLIPWAY_TEST_ENGINE"));
  }
}
