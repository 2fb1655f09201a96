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

  /// The configuration of a launcher, by whether it was told to trust applications.
  private static final String TRUSTING = "trusting";

  private static final String CAREFUL = "careful";

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
  /// already is waited for in the same way; one that is being stopped is started again.
  ///
  /// @param progress is told what is seen, now and then
  /// @throws CommandFailure when one runs that was started otherwise than is asked for
  public Started detach(Consumer<PlatformStatus> progress)
      throws IOException, InterruptedException {
    Preparation preparation = new Preparation(home, surroundings);
    preparation.folders();
    Optional<Supervisor.Lock> lock = lock(progress);
    if (lock.isEmpty()) {
      return Started.BEFORE;
    }
    // What is wrong with ports, folders or the build is said here, to a person, and not into a log.
    try (Supervisor.Lock held = lock.get();
        PortReservation reservation = new PortReservation()) {
      assert held.held().isValid();
      PlatformSettings settings = preparation.prepare(reservation, this::ours);
      new Catalog(home, settings, surroundings, false).plans();
    }
    awaitReady(background(), progress);
    return Started.NOW;
  }

  /// The right to look after the home. Empty when another process has it, all is ready, and that
  /// is what was asked for.
  private Optional<Supervisor.Lock> lock(Consumer<PlatformStatus> progress)
      throws IOException, InterruptedException {
    Optional<Supervisor.Lock> lock = Supervisor.Lock.acquire(home);
    if (lock.isEmpty()) {
      lock = awaitReady(null, progress);
    }
    if (lock.isEmpty()) {
      refuseOtherSettings();
    }
    return lock;
  }

  private void refuseOtherSettings() {
    Optional<PlatformSettings> settings = PlatformSettings.read(home);
    if (settings.isEmpty()) {
      return;
    }
    int port = settings.get().publicPort();
    String driver = settings.get().driver();
    List<String> differences = new ArrayList<>();
    Preparation.wantedPort(surroundings)
        .filter(it -> it != port)
        .ifPresent(it -> differences.add("at port %d and not %d".formatted(port, it)));
    Preparation.wantedDriver(surroundings)
        .filter(it -> !it.equals(driver))
        .ifPresent(it -> differences.add("on the driver '%s' and not '%s'".formatted(driver, it)));
    boolean careful =
        RunFile.read(home.run(PlatformStatus.LAUNCHER))
            .filter(it -> it.configuration().equals(CAREFUL))
            .isPresent();
    if (Catalog.trusted(surroundings) && careful) {
      differences.add("without trust in applications");
    }
    if (!differences.isEmpty()) {
      throw CommandFailure.failed(
              "runs-otherwise",
              "the platform runs already, %s".formatted(String.join(", ", differences)))
          .next("Stop it first with `slipway down`, then type the same again.")
          .build();
    }
  }

  /// Runs the platform in this process until it is asked to end; answers false when another
  /// process does already. One that is being stopped is waited for.
  ///
  /// @param events   is told of every change of a process, in one line
  /// @param progress is told what is seen until all is ready
  /// @throws CommandFailure when one runs that was started otherwise than is asked for
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
    Optional<Supervisor.Lock> lock = lock(others -> {});
    if (lock.isEmpty()) {
      return false;
    }
    try (Supervisor.Lock held = lock.get();
        PortReservation reservation = new PortReservation()) {
      assert held.held().isValid();
      Supervisor supervisor =
          new Supervisor(
              home,
              plans(preparation, reservation, training),
              Supervised.Pace.USUAL,
              process -> events.accept(describe(process)));
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
      supervisor.start(Catalog.trusted(surroundings) ? TRUSTING : CAREFUL);
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

  /// The same ones for as long as the settings are the same: a later build is for the next start.
  private Supervisor.Plans plans(
      Preparation preparation, PortReservation reservation, boolean training) {
    return new Supervisor.Plans() {
      private @Nullable PlatformSettings of;
      private List<ProcessPlan> plans = List.of();

      @Override
      public List<ProcessPlan> make() throws IOException {
        PlatformSettings settings = preparation.prepare(reservation, Launcher.this::ours);
        if (!settings.equals(of)) {
          plans = new Catalog(home, settings, surroundings, training).plans();
          of = settings;
        }
        return plans;
      }
    };
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

  /// Waits until all is ready.
  ///
  /// @param background what was started for it; null when another process looks after the home
  /// @return the right to look after the home, where that other process has ended instead
  private Optional<Supervisor.Lock> awaitReady(
      @Nullable Process background, Consumer<PlatformStatus> progress)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + READY_PATIENCE.toNanos();
    while (true) {
      PlatformStatus status = PlatformStatus.read(home, false);
      progress.accept(status);
      if (status.ready()) {
        return Optional.empty();
      }
      if (background == null) {
        Optional<Supervisor.Lock> lock = Supervisor.Lock.acquire(home);
        if (lock.isPresent()) {
          return lock;
        }
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
