package dev.slipway.cli.platform;

import dev.slipway.cli.console.Surroundings;
import java.io.IOException;

/// Starts the platform once, in a home that is thrown away, and has every JVM write down on its way
/// out what it has found out about its classes.
public final class Training {

  private Training() {}

  public static void run(Surroundings surroundings) throws IOException, InterruptedException {
    try (OwnPlatform platform =
        OwnPlatform.create(surroundings, PlatformSettings.PROCESS, null, false)) {
      new Launcher(platform.home(), platform.surroundings()).train();
    }
  }
}
