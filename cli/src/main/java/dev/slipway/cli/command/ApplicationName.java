package dev.slipway.cli.command;

import dev.slipway.cli.archive.ApplicationFolder;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/// Which application is meant: the one that is named, or else the one in this folder.
final class ApplicationName {

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "NAME",
      description = "The application; by default the one in this folder.")
  private @Nullable String given;

  String in(Surroundings surroundings) throws IOException {
    if (given != null && !given.isBlank()) {
      return given;
    }
    return in(ApplicationFolder.of(surroundings, surroundings.directory(), null));
  }

  String in(ApplicationFolder folder) throws IOException {
    if (given != null && !given.isBlank()) {
      return given;
    }
    return folder
        .name()
        .orElseThrow(
            () ->
                CommandFailure.misused("there is no application in %s".formatted(folder.path()))
                    .next("Name it, or go to the folder with its dbos-config.yaml or package.json.")
                    .build());
  }
}
