package dev.slipway.cli.platform;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.PlatformStatus.ProcessStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Starts and stops the platform of one home.
public final class Launcher {

  private static final Duration READY_PATIENCE = Duration.ofMinutes(3);
  private static final Duration STOP_PATIENCE = Duration.ofMinutes(3);
  private static final Duration LOOK = Duration.ofMillis(100);

  private final PlatformHome home;
  private final Surroundings surroundings;

  public Launcher(PlatformHome home, Surroundings surroundings) {
    this.home = home;
    this.surroundings = surroundings;
  }

  /// What came of a start.
  public enum Started {
    NOW,
    BEFORE
  }

  /// Starts the platform in the background and answers when all of it is ready. One that runs
  /// already is waited for in the same way.
  ///
  /// @param progress is told what is seen, now and then
  public Started detach(Consumer<PlatformStatus> progress)
      throws IOException, InterruptedException {
    Preparation preparation = new Preparation(home, surroundings);
    preparation.folders();
    Optional<Supervisor.Lock> lock = Supervisor.Lock.acquire(home);
    if (lock.isEmpty()) {
      awaitReady(null, progress);
      return Started.BEFORE;
    }
    // What is wrong with ports, folders or the build is said here, to a person, and not into a log.
    try (Supervisor.Lock held = lock.get()) {
      assert held.held().isValid();
      PlatformSettings settings = preparation.prepare(this::ours);
      new Catalog(home, settings, surroundings, false).plans();
    }
    awaitReady(background(), progress);
    return Started.NOW;
  }

  /// Runs the platform in this process until it is asked to end; answers false when another
  /// process does already.
  ///
  /// @param events   is told of every change of a process, in one line
  /// @param progress is told what is seen until all is ready
  public boolean run(Consumer<String> events, Consumer<PlatformStatus> progress)
      throws IOException, InterruptedException {
    return run(events, progress, false, new CountDownLatch(1));
  }

  /// Runs until all is ready, then ends, with every process writing down what the next start of it
  /// can skip.
  public void train() throws IOException, InterruptedException {
    CountDownLatch enough = new CountDownLatch(1);
    long deadline = System.nanoTime() + READY_PATIENCE.toNanos();
    run(
        event -> {},
        status -> {
          if (status.ready() || System.nanoTime() > deadline) {
            enough.countDown();
          }
        },
        true,
        enough);
  }

  private boolean run(
      Consumer<String> events,
      Consumer<PlatformStatus> progress,
      boolean training,
      CountDownLatch end)
      throws IOException, InterruptedException {
    Preparation preparation = new Preparation(home, surroundings);
    preparation.folders();
    Optional<Supervisor.Lock> lock = Supervisor.Lock.acquire(home);
    if (lock.isEmpty()) {
      return false;
    }
    try (Supervisor.Lock held = lock.get()) {
      assert held.held().isValid();
      PlatformSettings settings = preparation.prepare(this::ours);
      List<ProcessPlan> plans = new Catalog(home, settings, surroundings, training).plans();
      Supervisor supervisor =
          new Supervisor(
              home, plans, Supervised.Pace.USUAL, process -> events.accept(describe(process)));
      CountDownLatch stopped = new CountDownLatch(1);
      Thread hook =
          new Thread(
              () -> {
                try {
                  events.accept("stopping");
                  supervisor.stop();
                  events.accept("stopped");
                } catch (InterruptedException interrupted) {
                  Thread.currentThread().interrupt();
                } catch (IOException failure) {
                  events.accept("could not stop everything: " + failure.getMessage());
                } finally {
                  stopped.countDown();
                }
              },
              "stop");
      Runtime.getRuntime().addShutdownHook(hook);
      supervisor.start();
      while (!end.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
        PlatformStatus status = PlatformStatus.read(home, false);
        progress.accept(status);
        if (status.ready() && end.getCount() > 0) {
          // From here on the threads of the processes do the work, and a signal ends this process.
          end.await();
        }
      }
      Runtime.getRuntime().removeShutdownHook(hook);
      hook.start();
      stopped.await();
      return true;
    }
  }

  /// Stops the platform; answers false when there is none.
  public boolean stop() throws IOException, InterruptedException {
    if (!Files.isDirectory(home.run())) {
      return false;
    }
    Optional<RunFile> launcher =
        RunFile.read(home.run(PlatformStatus.LAUNCHER)).filter(file -> file.identity().alive());
    if (launcher.isPresent()) {
      ProcessIdentity identity = launcher.get().identity();
      identity.terminate();
      await(
          () -> !identity.alive(),
          STOP_PATIENCE,
          () ->
              CommandFailure.failed(
                      "not-stopped",
                      "the launcher (process %d) is still stopping the platform"
                          .formatted(identity.pid()))
                  .next("See %s.".formatted(home.log(PlatformStatus.LAUNCHER)))
                  .build());
      return true;
    }
    Optional<Supervisor.Lock> lock = Supervisor.Lock.acquire(home);
    if (lock.isEmpty()) {
      throw CommandFailure.failed(
              "starting", "the platform is just being started by another process")
          .next("Wait until it has, then try again.")
          .build();
    }
    try (Supervisor.Lock held = lock.get()) {
      assert held.held().isValid();
      boolean any =
          PlatformStatus.read(home, false).running()
              || !DataProcesses.of(home).all().isEmpty()
              || !ApplicationProcesses.of(home).all().isEmpty();
      Supervisor.stopOrphans(home);
      return any;
    }
  }

  /// Tells by purpose of a port whether a process of this home that still lives has it.
  private boolean ours(String purpose) {
    return switch (purpose) {
      case "public", Catalog.GATEWAY -> alive(Catalog.GATEWAY);
      case Catalog.ACCOUNT_SERVICE, Catalog.INSTANCE_SERVICE, Catalog.DEPLOY_SERVICE ->
          alive(purpose);
      // The control Postgres outlives the process that started it.
      case "postgres" -> alive(Catalog.LOCAL_STACK) || controlPostgresLives();
      default -> alive(Catalog.LOCAL_STACK);
    };
  }

  private boolean controlPostgresLives() {
    DataProcesses data = DataProcesses.of(home);
    return !data.under(data.control()).isEmpty();
  }

  private boolean alive(String process) {
    return RunFile.read(home.run(process)).filter(file -> file.identity().alive()).isPresent();
  }

  private Process background() throws IOException {
    Path log = home.log(PlatformStatus.LAUNCHER);
    new LogFile(log).rotate();
    List<String> command = new ArrayList<>();
    Supervised.setsid().ifPresent(command::add);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xss512k",
            "-Xms8m",
            "-Xmx48m",
            "-Dslipway.root=" + surroundings.root(),
            "-cp",
            System.getProperty("java.class.path"),
            "dev.slipway.cli.Main",
            "up",
            "--supervise"));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().clear();
    builder.environment().putAll(surroundings.environment());
    builder.directory(home.path().toFile());
    builder.environment().put("SLIPWAY_HOME", home.path().toString());
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    return builder.start();
  }

  private void awaitReady(@Nullable Process background, Consumer<PlatformStatus> progress)
      throws InterruptedException {
    long deadline = System.nanoTime() + READY_PATIENCE.toNanos();
    while (true) {
      PlatformStatus status = PlatformStatus.read(home, false);
      progress.accept(status);
      if (status.ready()) {
        return;
      }
      if (background != null && !background.isAlive() && background.exitValue() != 0) {
        throw CommandFailure.failed("not-started", "the launcher ended")
            .details(String.join("\n", new LogFile(home.log(PlatformStatus.LAUNCHER)).tail(12)))
            .next("See %s.".formatted(home.log(PlatformStatus.LAUNCHER)))
            .build();
      }
      Optional<ProcessStatus> crashing =
          status.processes().stream().filter(it -> it.state().equals("crashing")).findFirst();
      if (crashing.isPresent() || System.nanoTime() > deadline) {
        ProcessStatus wrong =
            crashing.orElseGet(
                () ->
                    status.processes().stream()
                        .filter(it -> !it.ready())
                        .findFirst()
                        .orElse(status.processes().getFirst()));
        throw CommandFailure.failed(
                "not-ready",
                "%s does not get ready: %s"
                    .formatted(
                        wrong.name(),
                        wrong.problem() == null ? "it is " + wrong.state() : wrong.problem()))
            .details(String.join("\n", new LogFile(home.log(wrong.name())).tail(12)))
            .next(
                "It is being tried on; see `slipway status` and %s, or give up with `slipway down`."
                    .formatted(home.log(wrong.name())))
            .build();
      }
      TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
    }
  }

  /// A condition looked at again and again.
  @FunctionalInterface
  private interface Condition {
    boolean holds() throws IOException;
  }

  private static void await(
      Condition condition, Duration patience, Supplier<CommandFailure> failure)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() > deadline) {
        throw failure.get();
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private static String describe(Supervised process) {
    @Nullable String problem = process.problem();
    return "%s %s %s%s"
        .formatted(
            Instant.now(),
            process.plan().name(),
            process.state().name().toLowerCase(Locale.ROOT),
            problem == null ? "" : " (" + problem + ")");
  }
}
