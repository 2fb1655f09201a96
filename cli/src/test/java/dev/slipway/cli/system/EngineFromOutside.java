package dev.slipway.cli.system;

import dev.slipway.cli.console.Json;
import dev.slipway.cli.system.PlatformUnderTest.Result;
import dev.slipway.common.docker.PromisedEngine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// The machine's Docker engine, as a person with the `docker` command sees what one platform has on
/// it.
///
/// @param label of all that is the platform's
record EngineFromOutside(String label) {

  private static final Path ANYWHERE = Path.of("/");

  static EngineFromOutside of(PlatformUnderTest platform) throws IOException {
    return new EngineFromOutside(
        "label=dev.slipway.installation="
            + Json.MAPPER
                .readTree(platform.home().resolve("platform.json").toFile())
                .path("installation")
                .asText());
  }

  /// Skips the test where there is no engine with these images, with the reason; fails where one
  /// was promised.
  static void requireImages(String... images) throws IOException, InterruptedException {
    for (String image : images) {
      String why;
      try {
        Result seen = docker("image", "inspect", image);
        if (seen.exitCode() == 0) {
          continue;
        }
        why = "no Docker engine with the image %s: %s".formatted(image, seen.err().strip());
      } catch (IOException absent) {
        why = "there is no docker command";
      }
      PromisedEngine.missing(why);
    }
  }

  List<String> containers() throws IOException, InterruptedException {
    return list("ps", "-aq");
  }

  List<String> images() throws IOException, InterruptedException {
    return list("images", "-q");
  }

  List<String> volumes() throws IOException, InterruptedException {
    return list("volume", "ls", "-q");
  }

  List<String> networks() throws IOException, InterruptedException {
    return list("network", "ls", "-q");
  }

  /// What lists say, one a line, of what has this and further labels.
  List<String> list(String... command) throws IOException, InterruptedException {
    List<String> whole = new ArrayList<>(Arrays.asList(command));
    whole.addAll(List.of("--filter", label));
    return docker(whole.toArray(String[]::new)).succeeded().out().lines().toList();
  }

  /// What a failed test leaves on the engine is not in the platform's folder.
  void removeAll() throws IOException, InterruptedException {
    for (String container : containers()) {
      docker("rm", "-fv", container);
    }
    for (String volume : volumes()) {
      docker("volume", "rm", volume);
    }
    for (String image : images()) {
      docker("rmi", "-f", image);
    }
    for (String network : networks()) {
      docker("network", "rm", network);
    }
  }

  static Result docker(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("docker"));
    command.addAll(List.of(arguments));
    return PlatformUnderTest.run(ANYWHERE, Map.copyOf(System.getenv()), "", command);
  }
}
