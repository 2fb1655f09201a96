package dev.slipway.cli.command;

import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.console.Words;
import dev.slipway.cli.platform.Launcher;
import dev.slipway.cli.platform.PlatformHome;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Stops the platform.
@Command(
    name = "down",
    description =
        "Stop the platform on this machine, every application and every instance. Nothing is lost; `up` brings it all back.",
    footer = {"", "Example:", "  slipway down"})
final class DownCommand implements Callable<Integer> {

  @Mixin private OutputOptions options = new OutputOptions();

  private final Launcher launcher;
  private final Output output;

  DownCommand(Surroundings surroundings) {
    this.launcher = new Launcher(PlatformHome.of(surroundings), surroundings);
    this.output = new Output(surroundings);
  }

  @Override
  public Integer call() throws Exception {
    long began = System.nanoTime();
    output.live("stopping");
    boolean stopped = launcher.stop();
    if (options.json) {
      output.json(Json.object().put("stopped", stopped));
    } else if (stopped) {
      output.line(
          "Stopped in %s.".formatted(Words.duration(Duration.ofNanos(System.nanoTime() - began))));
    } else {
      output.line("The platform was not running.");
    }
    return 0;
  }
}
