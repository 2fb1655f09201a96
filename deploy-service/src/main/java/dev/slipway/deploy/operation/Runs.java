package dev.slipway.deploy.operation;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.VersionReference;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Optional;

/// Commands in a version's folder, each begun once and waited for.
///
/// The step that runs one waits in its slot, so that no more of them run at once than the machine
/// is meant to bear. It may be interrupted at any time, and the service may die: the command runs
/// on, and whoever looks next finds it.
@Singleton
final class Runs {

  /// Doubled from look to look, so that what is quick is noticed quickly.
  private static final Duration FIRST_PAUSE = Duration.ofMillis(5);

  private static final Duration LONGEST_PAUSE = Duration.ofMillis(40);

  private final ApplicationRuntime runtime;
  private final Blueprint blueprint;
  private final Specifications specifications;

  @Inject
  Runs(ApplicationRuntime runtime, Blueprint blueprint, Specifications specifications) {
    this.runtime = runtime;
    this.blueprint = blueprint;
    this.specifications = specifications;
  }

  /// What has to be done before a run begins again of which nobody knows how far it came.
  @FunctionalInterface
  interface Vanished {
    void clean() throws DriverFailure, InterruptedException;
  }

  /// Runs what may be run again at any time.
  ///
  /// @return how it failed; empty when it ended well, or there is nothing to run
  Optional<StepOutcome<Standing>> failure(Candidate candidate, Blueprint.Run run)
      throws DriverFailure, InterruptedException {
    int status = status(candidate, run, () -> {});
    return status == 0 ? Optional.empty() : Optional.of(failed(run, status));
  }

  /// Runs to the end, and says with which exit status; 0 when there is nothing to run.
  int status(Candidate candidate, Blueprint.Run run, Vanished vanished)
      throws DriverFailure, InterruptedException {
    boolean dockerfile = run == Blueprint.Run.BUILD && candidate.manifest().hasDockerfile();
    if (!dockerfile && blueprint.commands(run, candidate.manifest()).isEmpty()) {
      return 0;
    }
    VersionReference version = candidate.reference();
    Duration pause = FIRST_PAUSE;
    while (true) {
      switch (runtime.look(version, run.word())) {
        case CommandRun.Absent() -> {
          if (dockerfile) {
            runtime.build(
                candidate.fence(), version, run.word(), specifications.secrets(candidate));
          } else {
            runtime.begin(candidate.fence(), specifications.command(candidate, run));
          }
        }
        case CommandRun.Vanished() -> {
          // Nothing of it lives once it is cleared.
          runtime.clear(candidate.fence(), version, run.word());
          vanished.clean();
        }
        case CommandRun.Running(long _) -> {
          Thread.sleep(pause);
          pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
        case CommandRun.Exited(int status) -> {
          return status;
        }
      }
    }
  }

  static StepOutcome<Standing> failed(Blueprint.Run run, int status) {
    return StepOutcome.failed(
        run.failure(), "%s failed (exit status %d)".formatted(run.word(), status));
  }
}
