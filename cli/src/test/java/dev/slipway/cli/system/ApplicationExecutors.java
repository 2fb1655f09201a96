package dev.slipway.cli.system;

import dev.slipway.cli.platform.ApplicationProcesses;
import dev.slipway.cli.platform.ApplicationProcesses.Run;
import dev.slipway.cli.platform.PlatformHome;
import java.util.List;

/// What runs for one application of a platform, found by asking the kernel.
record ApplicationExecutors(ApplicationProcesses processes, String application) {

  static ApplicationExecutors of(PlatformUnderTest platform, String application) {
    return new ApplicationExecutors(
        ApplicationProcesses.of(new PlatformHome(platform.home())), application);
  }

  /// The first process of each executor.
  List<Long> supervisors() {
    return supervising("executor");
  }

  /// The first process of each run of an executor or a command.
  List<Long> supervising(String kind) {
    return processes.runs().stream()
        .filter(run -> run.application().equals(application) && run.kind().equals(kind))
        .map(Run::pid)
        .toList();
  }

  /// Ends the server below a supervisor by force.
  static boolean killServer(long supervisor) {
    return new Run("", "", "", supervisor)
        .server()
        .map(ProcessHandle::destroyForcibly)
        .orElse(false);
  }
}
