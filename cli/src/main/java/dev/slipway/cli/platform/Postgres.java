package dev.slipway.cli.platform;

import dev.slipway.cli.console.CommandFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The programs of Postgres that this platform uses.
///
/// @param home   the folder that holds `bin`
/// @param asRoot whether this process is root, as whom they refuse to run
public record Postgres(Path home, boolean asRoot) {

  public static Postgres of(PlatformHome platform) {
    List<Path> places =
        List.of(
            platform.data().resolve("postgres-18"),
            Path.of("/usr/lib/postgresql/18"),
            Path.of("/usr/pgsql-18"),
            Path.of("/usr/local/pgsql"),
            Path.of("/opt/postgresql/18"));
    for (Path place : places) {
      if (Files.isExecutable(place.resolve("bin/initdb"))) {
        return new Postgres(place, Preparation.root());
      }
    }
    throw CommandFailure.failed("no-postgres", "there are no programs of Postgres to compare with")
        .next("Start the platform with `slipway up --detach`, which unpacks them.")
        .build();
  }
}
