package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The unmodified `dbos-cloud` from npm, installed once below `target`.
record OfficialCommand(PlatformUnderTest platform, Path program) {

  private static final String NEWEST = "2.10.24";

  /// Skips the test where there is no npm, except in continuous integration.
  static OfficialCommand install(PlatformUnderTest platform)
      throws IOException, InterruptedException {
    return install(platform, NEWEST);
  }

  static synchronized OfficialCommand install(PlatformUnderTest platform, String version)
      throws IOException, InterruptedException {
    Path folder = Path.of("target", "official-command-" + version).toAbsolutePath();
    Path program = folder.resolve("node_modules/.bin/dbos-cloud");
    if (!Files.exists(program)) {
      if (!present("node") || !present("npm")) {
        String reason = "node and npm are needed for the official command";
        if (System.getenv("CI") != null) {
          fail(reason);
        }
        assumeTrue(false, reason);
      }
      Files.createDirectories(folder);
      PlatformUnderTest.run(
              folder,
              System.getenv(),
              "",
              List.of(
                  "npm",
                  "install",
                  "--prefix",
                  folder.toString(),
                  "--no-audit",
                  "--no-fund",
                  "--ignore-scripts",
                  "@dbos-inc/dbos-cloud@" + version))
          .succeeded();
    }
    return new OfficialCommand(platform, program);
  }

  PlatformUnderTest.Result run(Path directory, String... arguments)
      throws IOException, InterruptedException {
    return runWith(Map.of(), directory, arguments);
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>(platform.environment());
    environment.put("DBOS_DOMAIN", "localhost:" + platform.port());
    environment.put("NODE_EXTRA_CA_CERTS", platform.home().resolve("ca/ca.pem").toString());
    // The update check has no business in a test.
    environment.put("NO_UPDATE_NOTIFIER", "1");
    return environment;
  }

  /// With more in its environment.
  PlatformUnderTest.Result runWith(Map<String, String> more, Path directory, String... arguments)
      throws IOException, InterruptedException {
    Map<String, String> environment = environment();
    environment.putAll(more);
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    return PlatformUnderTest.run(directory, environment, "", command);
  }

  /// In a shell that has evaluated what `slipway env` prints, and is told nothing else.
  PlatformUnderTest.Result runAfterEnv(Path directory, String... arguments)
      throws IOException, InterruptedException {
    Map<String, String> environment = new HashMap<>(platform.environment());
    environment.put("NO_UPDATE_NOTIFIER", "1");
    String variables = platform.slipway(directory, "env").succeeded().out();
    List<String> command =
        new ArrayList<>(List.of("sh", "-c", "eval \"$1\"; shift; exec \"$@\"", "sh", variables));
    command.add(program.toString());
    command.addAll(List.of(arguments));
    return PlatformUnderTest.run(directory, environment, "", command);
  }

  static boolean present(String program) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, program))) {
        return true;
      }
    }
    return false;
  }
}
