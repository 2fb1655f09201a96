package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.api.ApplicationCalls;
import dev.slipway.cli.api.PlatformAddress;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/// An application of `examples`, in the folder of somebody who deploys it, and what it answers.
///
/// @param organization without `_`, with which a host name is no part of a URI
record Example(PlatformUnderTest platform, Path folder, String organization) {

  /// Copies an example into the folder of a user who is signed in there. Skips the test where there
  /// is no Node, except in continuous integration.
  static Example copy(PlatformUnderTest platform, Path folder, String organization, String name)
      throws IOException {
    return of(
        platform,
        folder,
        organization,
        Path.of("..", "examples", name).toAbsolutePath().normalize());
  }

  /// The same with an application that is only for tests.
  static Example of(PlatformUnderTest platform, Path folder, String organization, Path from)
      throws IOException {
    requireNode();
    Example example = new Example(platform, folder, organization);
    example.put(from);
    return example;
  }

  /// Deploys from here on are those of somebody who is signed in in another folder.
  void signInAs(Path mine) throws IOException {
    Path credentials = folder.resolve(".dbos/credentials");
    Files.createDirectories(folder.resolve(".dbos"));
    Files.copy(mine.resolve(".dbos/credentials"), credentials, StandardCopyOption.REPLACE_EXISTING);
  }

  /// Puts the files of another folder over its own.
  void put(Path from) throws IOException {
    List<Path> all;
    try (Stream<Path> walked = Files.walk(from)) {
      all = walked.filter(path -> !path.startsWith(from.resolve("node_modules"))).toList();
    }
    for (Path path : all) {
      Path target = folder.resolve(from.relativize(path).toString());
      if (Files.isDirectory(path)) {
        Files.createDirectories(target);
      } else {
        Files.copy(path, target, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  void write(String file, String content) throws IOException {
    Files.createDirectories(folder.resolve(file).resolveSibling("."));
    Files.writeString(folder.resolve(file), content);
  }

  void replace(String file, String what, String with) throws IOException {
    String before = Files.readString(folder.resolve(file));
    if (!before.contains(what)) {
      throw new AssertionError("%s does not contain %s".formatted(file, what));
    }
    Files.writeString(folder.resolve(file), before.replace(what, with));
  }

  /// The id of the application that was deployed from here.
  String id(String application) throws IOException, InterruptedException {
    return platform
        .slipway(folder, "app", "status", application, "--json")
        .succeeded()
        .json()
        .path("ID")
        .asText();
  }

  String url(String application) {
    return "https://%s-%s.localhost:%d/".formatted(organization, application, platform.port());
  }

  JsonNode get(String application) throws IOException, InterruptedException {
    return Json.MAPPER.readTree(calls().get(url(application)));
  }

  JsonNode post(String application, String json) throws IOException, InterruptedException {
    return Json.MAPPER.readTree(calls().post(url(application), json));
  }

  private ApplicationCalls calls() {
    return new ApplicationCalls(
        new PlatformAddress(
            "localhost:" + platform.port(), true, List.of(platform.home().resolve("ca/ca.pem"))));
  }

  static void requireNode() {
    for (String program : List.of("node", "npm")) {
      if (!OfficialCommand.present(program)) {
        String reason = program + " is needed to deploy applications";
        if (System.getenv("CI") != null) {
          fail(reason);
        }
        assumeTrue(false, reason);
      }
    }
  }
}
