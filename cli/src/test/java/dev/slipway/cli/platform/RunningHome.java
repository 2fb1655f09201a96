package dev.slipway.cli.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The home of a platform of which every process is ready, as far as its run files go.
public final class RunningHome {

  private RunningHome() {}

  /// @param account where account-service answers, and so on
  public static void make(Path folder, int account, int instance, int deploy) throws IOException {
    PlatformHome home = new PlatformHome(folder);
    Files.createDirectories(home.keys());
    Files.createDirectories(home.run());
    Files.writeString(home.keys().resolve("internal.secret"), "s3cret\n");
    new PlatformSettings(
            "i",
            1,
            Map.of(
                Catalog.ACCOUNT_SERVICE, account,
                Catalog.INSTANCE_SERVICE, instance,
                Catalog.DEPLOY_SERVICE, deploy),
            PlatformSettings.PROCESS)
        .write(home);
    List<String> names = new ArrayList<>(PlatformStatus.NAMES);
    names.add(PlatformStatus.LAUNCHER);
    for (String name : names) {
      new RunFile(ProcessIdentity.self(), Instant.now(), 0, RunFile.State.READY, null, "")
          .write(home.run(name));
    }
  }
}
