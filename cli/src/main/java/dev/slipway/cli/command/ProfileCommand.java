package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Shows who is signed in.
@Command(
    name = "profile",
    description = "Show who you are.",
    footer = {"", "Example:", "  slipway profile --json"})
final class ProfileCommand implements Callable<Integer> {

  @Mixin private OutputOptions options = new OutputOptions();

  private final Surroundings surroundings;
  private final Output output;

  ProfileCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public Integer call() throws Exception {
    JsonNode profile = ApiClient.of(surroundings).profile();
    if (options.json) {
      output.json(profile);
      return 0;
    }
    output.line("Name          " + profile.path("Name").asText());
    output.line("Email         " + profile.path("Email").asText());
    output.line("Organization  " + profile.path("Organization").asText());
    return 0;
  }
}
