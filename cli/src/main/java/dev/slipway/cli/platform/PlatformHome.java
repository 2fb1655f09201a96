package dev.slipway.cli.platform;

import dev.slipway.cli.console.Surroundings;
import java.nio.file.Path;

/// Where one platform keeps everything: `SLIPWAY_HOME`, or else `~/.slipway`.
///
/// Two platforms with different homes share nothing.
public record PlatformHome(Path path) {

  public static PlatformHome of(Surroundings surroundings) {
    Path home =
        surroundings
            .variable("SLIPWAY_HOME")
            .map(Path::of)
            .orElseGet(
                () ->
                    Path.of(
                            surroundings
                                .variable("HOME")
                                .orElseGet(() -> System.getProperty("user.home", ".")))
                        .resolve(".slipway"));
    return new PlatformHome(surroundings.directory().resolve(home).normalize());
  }

  /// What was chosen at the first start.
  Path settings() {
    return path.resolve("platform.json");
  }

  Path keys() {
    return path.resolve("keys");
  }

  public Path certificateAuthority() {
    return path.resolve("ca").resolve("ca.pem");
  }

  Path run() {
    return path.resolve("run");
  }

  Path run(String process) {
    return run().resolve(process + ".json");
  }

  /// Held by the launcher for as long as it lives.
  Path lock() {
    return run().resolve("up.lock");
  }

  public Path logs() {
    return path.resolve("logs");
  }

  Path log(String process) {
    return logs().resolve(process + ".log");
  }

  /// May be a link to elsewhere; see [Preparation].
  public Path data() {
    return path.resolve("data");
  }

  /// Whom this machine is signed in as, for every folder without credentials of its own.
  public Path credentials() {
    return path.resolve("credentials");
  }

  /// Passwords of database users set from this machine, in the format of libpq's password file.
  public Path databasePasswords() {
    return path.resolve("pgpass");
  }

  /// The generated password of the demonstration's user.
  public Path demoPassword() {
    return path.resolve("keys").resolve("demo.password");
  }
}
