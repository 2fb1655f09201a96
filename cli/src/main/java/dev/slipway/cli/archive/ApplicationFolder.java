package dev.slipway.cli.archive;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A folder with an application in it.
///
/// @param configuration absent when the folder has none, which an application without the SDK need
///     not have
public record ApplicationFolder(Path path, Optional<ConfigurationFile> configuration) {

  /// @param configFile what to take for the configuration instead, relative to the folder
  public static ApplicationFolder of(
      Surroundings surroundings, Path folder, @Nullable String configFile) throws IOException {
    Path file = folder.resolve(configFile == null ? ConfigurationFile.NAME : configFile);
    if (!Files.isRegularFile(file)) {
      if (configFile != null) {
        throw CommandFailure.misused("there is no file " + configFile).build();
      }
      return new ApplicationFolder(folder, Optional.empty());
    }
    return new ApplicationFolder(
        folder,
        Optional.of(
            ConfigurationFile.read(
                file, name -> Optional.ofNullable(surroundings.environment().get(name)))));
  }

  /// What the application is called here: by its configuration, or else by `package.json`.
  public Optional<String> name() throws IOException {
    Optional<String> configured = configuration.flatMap(ConfigurationFile::name);
    return configured.isPresent() ? configured : packageName();
  }

  /// What it is registered as; what its own Dockerfile builds may be written in anything.
  public String language() {
    String language = configuration.map(ConfigurationFile::language).orElse("node");
    return hasDockerfile() && !language.equals("python") ? "node" : language;
  }

  private boolean hasDockerfile() {
    return Files.isRegularFile(path.resolve("Dockerfile"));
  }

  /// The name it wants its database to have.
  public Optional<String> database() {
    return configuration.flatMap(ConfigurationFile::database);
  }

  public List<String> warnings() {
    return configuration.map(ConfigurationFile::warnings).orElse(List.of());
  }

  /// Fails when this cannot be what somebody wants to deploy. Whether a Dockerfile is enough, the
  /// platform says.
  public void require() throws IOException {
    if (hasDockerfile()) {
      return;
    }
    switch (language()) {
      case "node" -> {
        if (!Files.isRegularFile(path.resolve("package.json"))) {
          throw CommandFailure.misused("there is no package.json in " + path)
              .next("Run the command in the folder of the application.")
              .build();
        }
      }
      case "python" -> {
        if (!Files.isRegularFile(path.resolve("requirements.txt"))) {
          throw CommandFailure.misused("there is no requirements.txt in " + path)
              .next("Make one: pip freeze > requirements.txt")
              .build();
        }
      }
      default ->
          throw CommandFailure.misused(
                  "%s names the language %s".formatted(ConfigurationFile.NAME, language()))
              .next("Applications are written in node or python.")
              .build();
    }
  }

  private Optional<String> packageName() throws IOException {
    Path file = path.resolve("package.json");
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      JsonNode content = Json.MAPPER.readTree(file.toFile());
      return Optional.ofNullable(Json.text(content, "name"));
    } catch (IOException damaged) {
      throw CommandFailure.misused("package.json is not well-formed JSON").cause(damaged).build();
    }
  }
}
