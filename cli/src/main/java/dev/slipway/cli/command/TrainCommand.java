package dev.slipway.cli.command;

import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.Training;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// Has every process write the cache that its later starts use; called by the build.
@Command(name = "train", hidden = true)
final class TrainCommand implements Callable<Integer> {

  private final Surroundings surroundings;

  TrainCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws Exception {
    Training.run(surroundings);
    return 0;
  }
}
