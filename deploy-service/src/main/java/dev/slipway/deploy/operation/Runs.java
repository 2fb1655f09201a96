package dev.slipway.deploy.operation;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.CommandRun;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.Optional;

/// Commands that may be run again when nobody knows how far they came: everything but migrations,
/// which are [Migrations]'.
@Singleton
final class Runs {

  private final ApplicationRuntime runtime;
  private final Blueprint blueprint;
  private final Specifications specifications;

  @Inject
  Runs(ApplicationRuntime runtime, Blueprint blueprint, Specifications specifications) {
    this.runtime = runtime;
    this.blueprint = blueprint;
    this.specifications = specifications;
  }

  /// Begins a run once, and looks at it.
  ///
  /// @return empty when it has ended well, or there is nothing to run
  Optional<StepOutcome<Standing>> ended(Candidate candidate, Blueprint.Run run)
      throws DriverFailure, InterruptedException {
    Manifest manifest = candidate.manifest();
    if (blueprint.commands(run, manifest).isEmpty()) {
      return Optional.empty();
    }
    return switch (runtime.look(candidate.reference(), run.word())) {
      case CommandRun.Absent() -> {
        runtime.begin(candidate.fence(), specifications.command(candidate, run));
        yield Optional.of(StepOutcome.again(candidate.pause(), run.word() + " has begun"));
      }
      case CommandRun.Vanished() -> {
        runtime.clear(candidate.fence(), candidate.reference(), run.word());
        yield Optional.of(
            StepOutcome.again(candidate.pause(), run.word() + " was cut off and begins again"));
      }
      case CommandRun.Running(long lines) ->
          Optional.of(
              StepOutcome.again(
                  candidate.pause(), "%s runs, %d lines so far".formatted(run.word(), lines)));
      case CommandRun.Exited(int status) when status == 0 -> Optional.empty();
      case CommandRun.Exited(int status) -> Optional.of(failed(run, status));
    };
  }

  static StepOutcome<Standing> failed(Blueprint.Run run, int status) {
    return StepOutcome.failed(
        run.failure(), "%s failed (exit status %d)".formatted(run.word(), status));
  }
}
