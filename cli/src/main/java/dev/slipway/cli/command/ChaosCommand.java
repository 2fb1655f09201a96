package dev.slipway.cli.command;

import dev.slipway.cli.chaos.ChaosRun;
import dev.slipway.cli.chaos.Report;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.Launcher;
import dev.slipway.cli.platform.OwnPlatform;
import dev.slipway.cli.platform.PlatformSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Breaks a platform of its own, and looks whether it keeps its promises.
@Command(
    name = "chaos",
    description = "Kill what runs on a platform of its own, and check that nothing is lost.",
    mixinStandardHelpOptions = true,
    footer = {"", "Example:", "  slipway chaos run --minutes 10 --seed 1"})
final class ChaosCommand implements Runnable {

  private static final int LONGEST_MINUTES = 24 * 60;
  private static final int MOST_ORGANIZATIONS = 20;
  private static final String CALLS = "calls.txt";
  private static final Duration NOTES = Duration.ofSeconds(15);

  @Spec private CommandSpec spec;

  private final Surroundings surroundings;
  private final Output output;
  private long lastNote = System.nanoTime();

  ChaosCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  @Command(
      name = "run",
      description = "Run random operations while processes are killed, paused and restarted.",
      footer = {
        "",
        "A platform of its own is started on a free port, in a folder of its own, and ended and removed afterwards. Several",
        "organizations provision, deploy, roll back, cancel and destroy, while services, Kafka, the control Postgres,",
        "instances and applications are killed, paused and restarted. What is done and broken follows from the seed. With",
        "--driver docker, containers are killed and paused through the engine too: those of this platform, and no others.",
        "",
        "Then the faults stop, and a checker that knows only the API, the processes, the files and the databases says what",
        "did not end, what was left behind, what was lost or done twice, which events are missing, and which requests to a",
        "healthy application failed. Ctrl-C ends it early, and the check is made all the same.",
        "",
        "Exit codes: 0 nothing was found, 1 something was, 2 not called as it has to be.",
        "",
        "Examples:",
        "  slipway chaos run --minutes 2",
        "  slipway chaos run --minutes 10 --seed 4711 --report chaos.md",
        "  slipway chaos run --minutes 5 --driver docker"
      })
  int chaos(
      @Option(
              names = "--minutes",
              defaultValue = "10",
              description = "How long to go on (${DEFAULT-VALUE}).")
          double minutes,
      @Option(names = "--seed", description = "What happens follows from it (a random one).")
          @Nullable Long givenSeed,
      @Option(
              names = "--organizations",
              defaultValue = "4",
              description = "How many act at once (${DEFAULT-VALUE}).")
          int organizations,
      @Option(
              names = "--driver",
              paramLabel = "DRIVER",
              defaultValue = PlatformSettings.PROCESS,
              description =
                  "What instances and applications run on: process or docker (${DEFAULT-VALUE}).")
          String driver,
      @Option(
              names = "--report",
              paramLabel = "FILE",
              description = "Add the run to a page in Markdown, with a picture beside it.")
          @Nullable Path report,
      @Option(
              names = "--home",
              paramLabel = "FOLDER",
              description = "Where the platform lives (a temporary folder).")
          @Nullable Path folder,
      @Option(
              names = "--keep",
              description = "Leave the platform's folder, with all logs and all calls.")
          boolean keep,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    if (!(minutes > 0 && minutes <= LONGEST_MINUTES)) {
      throw CommandFailure.misused("--minutes is more than 0 and at most " + LONGEST_MINUTES)
          .build();
    }
    if (organizations < 1 || organizations > MOST_ORGANIZATIONS) {
      throw CommandFailure.misused("--organizations is 1 to " + MOST_ORGANIZATIONS).build();
    }
    @Nullable Path page = report == null ? null : surroundings.directory().resolve(report);
    if (page != null) {
      Report.check(page);
    }
    long seed = givenSeed == null ? ThreadLocalRandom.current().nextInt(1, 1_000_000) : givenSeed;
    output.note(
        "slipway chaos run --minutes %s --seed %d%s"
            .formatted(
                number(minutes),
                seed,
                driver.equals(PlatformSettings.PROCESS) ? "" : " --driver " + driver));
    Duration during = Duration.ofMillis(Math.round(minutes * 60_000));
    OwnPlatform platform =
        OwnPlatform.create(
            surroundings,
            driver,
            folder == null ? null : surroundings.directory().resolve(folder),
            keep);
    AtomicInteger exitCode = new AtomicInteger(CommandFailure.FAILED);
    CountDownLatch ended = new CountDownLatch(1);
    try {
      ChaosRun run =
          new ChaosRun(
              platform.surroundings(),
              new ChaosRun.Settings(during, seed, organizations, driver),
              this::progress);
      Thread hook = new Thread(() -> stop(run, ended, exitCode), "stop-chaos");
      Runtime.getRuntime().addShutdownHook(hook);
      output.note("The platform lives in %s.".formatted(platform.home().path()));
      UpCommand.StartProgress progress = new UpCommand.StartProgress(output);
      new Launcher(platform.home(), platform.surroundings()).detach(progress::show);
      ChaosRun.Result result = run.run();
      // What was found is said whatever becomes of the files.
      if (options.json) {
        output.json(Report.json(result));
      } else {
        Report.lines(result).forEach(output::line);
      }
      if (keep) {
        Report.writeCalls(result, platform.folder().resolve(CALLS));
      }
      if (page != null) {
        Report.write(result, page);
      }
      exitCode.set(result.findings().isEmpty() ? 0 : CommandFailure.FAILED);
      return exitCode.get();
    } finally {
      platform.close();
      ended.countDown();
    }
  }

  /// A line that changes on a terminal, a line now and then elsewhere.
  private void progress(String line) {
    if (output.canBeLive()) {
      output.live(line);
    } else if (System.nanoTime() - lastNote > NOTES.toNanos()) {
      lastNote = System.nanoTime();
      output.note(line);
    }
  }

  /// At Ctrl-C the JVM ends when its hooks have: this one waits until all is said, and ends it with
  /// what came of the run.
  private static void stop(ChaosRun run, CountDownLatch ended, AtomicInteger exitCode) {
    run.stop();
    try {
      ended.await();
      Runtime.getRuntime().halt(exitCode.get());
    } catch (InterruptedException impatient) {
      Thread.currentThread().interrupt();
    }
  }

  private static String number(double minutes) {
    return minutes == Math.rint(minutes)
        ? Long.toString(Math.round(minutes))
        : Double.toString(minutes);
  }
}
