package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.console.Words;
import dev.slipway.cli.platform.Launcher;
import dev.slipway.cli.platform.PlatformHome;
import dev.slipway.cli.platform.PlatformSettings;
import dev.slipway.cli.platform.PlatformStatus;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Starts the platform.
@Command(
    name = "up",
    description = "Start the platform on this machine.",
    footer = {
      "",
      "In the foreground it runs until Ctrl-C, which stops everything. With --detach the command ends when all is",
      "ready and leaves it running. What dies is started again.",
      "",
      "Examples:",
      "  slipway up --detach",
      "  slipway up --detach --driver docker",
      "  SLIPWAY_HOME=~/other SLIPWAY_PORT=9443 slipway up"
    })
final class UpCommand implements Callable<Integer> {

  @Option(
      names = {"-d", "--detach"},
      description = "Return when all is ready, and leave it running.")
  private boolean detach;

  @Option(
      names = "--trust-applications",
      description =
          "Run applications also where nothing can keep them apart from the platform and from each other. Use it only"
              + " for code that you trust. It holds for this start.")
  private boolean trustApplications;

  @Option(
      names = "--driver",
      paramLabel = "DRIVER",
      description =
          "What Postgres instances and applications run on: process, or docker where a Docker engine is. Kept from the first instance on.")
  private @Nullable String driver;

  @Option(names = "--supervise", hidden = true)
  private boolean supervise;

  @Mixin private OutputOptions options = new OutputOptions();

  private final Surroundings surroundings;
  private final PlatformHome home;
  private final Output output;

  UpCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.home = PlatformHome.of(surroundings);
    this.output = new Output(surroundings);
  }

  @Override
  public Integer call() throws Exception {
    Launcher launcher = new Launcher(home, chosen());
    if (supervise) {
      if (!launcher.run(output::line, status -> {})) {
        output.line("another launcher looks after " + home.path());
      }
      return 0;
    }
    long began = System.nanoTime();
    StartProgress progress = new StartProgress(output);
    if (detach) {
      Launcher.Started started = launcher.detach(progress::show);
      announce(started == Launcher.Started.BEFORE, began);
      return 0;
    }
    boolean[] announced = new boolean[1];
    boolean ran =
        launcher.run(
            event -> {
              // Changes are shown by the progress; what happens later is said in full.
              if (announced[0]) {
                output.note(event);
              }
            },
            status -> {
              progress.show(status);
              if (status.ready() && !announced[0]) {
                announced[0] = true;
                announce(false, began);
                output.note("Ctrl-C stops it.");
              }
            });
    if (!ran) {
      announce(true, began);
    }
    return 0;
  }

  /// Whom to trust holds for this start, and not for the next one: it is to be chosen knowingly.
  private Surroundings chosen() {
    Surroundings chosen =
        trustApplications
            ? surroundings.with("SLIPWAY_APPLICATIONS_TRUSTED", "true")
            : surroundings;
    return driver == null ? chosen : chosen.with("SLIPWAY_DRIVER", driver);
  }

  private void announce(boolean before, long began) {
    String url = PlatformSettings.read(home).map(PlatformSettings::publicUrl).orElse("");
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    if (options.json) {
      ObjectNode result = Json.object();
      result.put("running", true);
      result.put("startedNow", !before);
      result.put("publicUrl", url);
      result.put("home", home.path().toString());
      result.put("millis", took.toMillis());
      output.json(result);
    } else if (before) {
      output.line("The platform runs already at %s (%s).".formatted(url, home.path()));
    } else {
      output.line("The platform is ready at %s after %s.".formatted(url, Words.duration(took)));
    }
  }

  /// Shows how far each process is: one changing line on a terminal, one line per change
  /// elsewhere.
  static final class StartProgress {

    private final Output output;
    private final long began = System.nanoTime();
    private String last = "";

    StartProgress(Output output) {
      this.output = output;
    }

    void show(PlatformStatus status) {
      String now =
          status.processes().stream()
              .filter(it -> !it.name().equals("launcher"))
              .map(it -> it.name() + " " + it.state())
              .collect(Collectors.joining(" · "));
      if (output.canBeLive()) {
        output.live("%s   %s".formatted(Words.duration(elapsed()), now));
      } else if (!now.equals(last)) {
        output.note("slipway: " + now);
      }
      last = now;
    }

    private Duration elapsed() {
      return Duration.ofNanos(System.nanoTime() - began);
    }
  }
}
