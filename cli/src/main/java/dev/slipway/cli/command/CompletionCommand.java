package dev.slipway.cli.command;

import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// Prints what a shell needs to complete the command's words.
@Command(
    name = "completion",
    description = "Print the completion script for bash and zsh.",
    footer = {
      "",
      "Examples:",
      "  source <(slipway completion)",
      "  slipway completion > ~/.local/share/bash-completion/completions/slipway"
    })
final class CompletionCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Mixin private OutputOptions options = new OutputOptions();

  private final Output output;

  CompletionCommand(Surroundings surroundings) {
    this.output = new Output(surroundings);
  }

  @Override
  public void run() {
    String script = AutoComplete.bash("slipway", spec.root().commandLine());
    if (options.json) {
      output.json(Json.object().put("script", script));
    } else {
      output.line(script.stripTrailing());
    }
  }
}
