package dev.slipway.cli.platform;

import dev.slipway.cli.platform.RunFile.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Keeps one process of the platform alive.
///
/// A process is started in a session of its own, so that what happens to the launcher or its
/// terminal does not happen to it. When the launcher is killed the process lives on, and the next
/// launcher adopts it, provided that it would start it the same way today. One thread does all of
/// it; the others only read.
final class Supervised {

  /// The times of the restarts, which a test shortens.
  ///
  /// @param firstPause after the first death; doubled with each further one
  /// @param grace      a process that lived this long after being ready starts with the first pause
  ///     again
  record Pace(Duration poll, Duration firstPause, Duration longestPause, Duration grace) {

    static final Pace USUAL =
        new Pace(
            Duration.ofMillis(100),
            Duration.ofMillis(200),
            Duration.ofSeconds(5),
            Duration.ofSeconds(30));
  }

  private static final int CRASH_LOOP = 5;
  private static final Duration CRASH_WINDOW = Duration.ofMinutes(1);
  private static final Duration PROBE = Duration.ofSeconds(5);
  private static final Duration ROTATION = Duration.ofSeconds(10);

  private final PlatformHome home;
  private final Pace pace;
  private final Consumer<Supervised> listener;
  private final LogFile log;
  private final Deque<Instant> deaths = new ArrayDeque<>();
  private final ReentrantLock monitor = new ReentrantLock();
  private final Condition wakeUp = monitor.newCondition();

  private volatile ProcessPlan plan;

  /// What to run instead from the next start on; null while that is the same.
  private volatile @Nullable ProcessPlan next;

  private volatile State state = State.STARTING;
  private volatile @Nullable String problem;

  /// Why the run file does not say what is; null when it does.
  private volatile @Nullable String unwritten;

  private volatile @Nullable ProcessIdentity identity;
  private Instant since = Instant.EPOCH;
  private int restarts;
  private volatile boolean stopping;
  private volatile @Nullable Thread thread;
  private @Nullable Process child;

  Supervised(ProcessPlan plan, PlatformHome home, Pace pace, Consumer<Supervised> listener) {
    this.plan = plan;
    this.home = home;
    this.pace = pace;
    this.listener = listener;
    this.log = new LogFile(home.log(plan.name()));
  }

  ProcessPlan plan() {
    return plan;
  }

  State state() {
    return state;
  }

  @Nullable String problem() {
    @Nullable String wrong = problem;
    return wrong == null ? unwritten : wrong;
  }

  /// Runs it in this way from now on. What runs in another is replaced.
  void change(ProcessPlan wanted) {
    monitor.lock();
    try {
      next = wanted.equals(plan) ? null : wanted;
    } finally {
      monitor.unlock();
    }
  }

  private void take() {
    monitor.lock();
    try {
      @Nullable ProcessPlan changed = next;
      if (changed != null) {
        plan = changed;
        next = null;
      }
    } finally {
      monitor.unlock();
    }
  }

  /// Whether there is none at the moment, and one is about to be started.
  boolean awaitsStart() {
    return identity == null && (state == State.RESTARTING || state == State.CRASHING);
  }

  /// Says more about what is wrong with it.
  void explain(String why) {
    @Nullable String known = problem;
    problem = known == null ? why : known + "; " + why;
    write();
  }

  void start() {
    thread = Thread.ofPlatform().name(plan.name()).start(this::supervise);
  }

  /// Ends the process: politely first, and by force when it takes too long.
  void stop() throws InterruptedException {
    monitor.lock();
    try {
      stopping = true;
      wakeUp.signalAll();
    } finally {
      monitor.unlock();
    }
    @Nullable Thread supervising = thread;
    if (supervising != null) {
      supervising.join();
    }
    @Nullable ProcessIdentity last = identity;
    if (last != null) {
      end(last, plan.patience());
    }
    become(State.STOPPED, null);
  }

  /// Ends a process; answers when it is gone.
  static void end(ProcessIdentity process, Duration patience) throws InterruptedException {
    process.terminate();
    long deadline = System.nanoTime() + patience.toNanos();
    while (process.alive()) {
      if (System.nanoTime() > deadline) {
        process.kill();
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private void supervise() {
    try {
      adopt();
      while (!stopping) {
        if (identity == null) {
          launch();
        }
        watch();
        if (!stopping && next != null) {
          replace();
        } else if (!stopping) {
          died();
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void adopt() throws InterruptedException {
    Optional<RunFile> left =
        RunFile.read(home.run(plan.name())).filter(file -> file.identity().alive());
    if (left.isEmpty()) {
      return;
    }
    RunFile file = left.get();
    if (!file.configuration().equals(plan.configuration())) {
      // Built anew, or configured otherwise since: the old one goes.
      end(file.identity(), plan.patience());
      return;
    }
    identity = file.identity();
    since = file.since();
    become(State.STARTING, null);
  }

  private void replace() throws InterruptedException {
    @Nullable ProcessIdentity old = identity;
    if (old != null) {
      end(old, plan.patience());
    }
    identity = null;
    child = null;
    become(State.RESTARTING, "it has to be started in another way");
  }

  private void launch() throws InterruptedException {
    take();
    try {
      log.rotate();
      List<String> command = new ArrayList<>();
      setsid().ifPresent(command::add);
      command.addAll(plan.command());
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.directory(home.path().toFile());
      builder.environment().putAll(plan.environment());
      builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
      builder.redirectErrorStream(true);
      builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.path().toFile()));
      Process started = builder.start();
      child = started;
      since = Instant.now();
      identity =
          ProcessIdentity.of(started.pid())
              // It died at once; watching finds that out.
              .orElseGet(() -> new ProcessIdentity(started.pid(), "dead"));
      become(deaths.size() >= CRASH_LOOP ? State.CRASHING : State.STARTING, problem);
    } catch (IOException failure) {
      problem = "cannot be started: " + failure.getMessage();
      child = null;
      identity = null;
    }
  }

  /// Answers when the process is dead, is to be stopped, or is to run in another way.
  private void watch() throws InterruptedException {
    @Nullable ProcessIdentity process = identity;
    if (process == null) {
      return;
    }
    boolean wasReady = false;
    long nextProbe = System.nanoTime();
    long nextRotation = System.nanoTime() + ROTATION.toNanos();
    while (!stopping && next == null && process.alive()) {
      long now = System.nanoTime();
      if (now >= nextProbe) {
        if (unwritten != null) {
          write();
        }
        boolean ready = Health.ready(plan.health());
        if (ready && state != State.READY) {
          wasReady = true;
          become(State.READY, null);
        } else if (!ready && wasReady && state == State.READY && process.alive()) {
          become(State.SILENT, "it lives, but does not say that it is ready");
        }
        nextProbe = System.nanoTime() + (ready ? PROBE : pace.poll()).toNanos();
      }
      if (now >= nextRotation) {
        try {
          log.rotate();
        } catch (IOException full) {
          problem = "its log cannot be rotated: " + full.getMessage();
        }
        nextRotation = now + ROTATION.toNanos();
      }
      pause(pace.poll());
    }
  }

  private void died() throws InterruptedException {
    Instant now = Instant.now();
    @Nullable Process dead = child;
    String how = "died";
    if (dead != null && dead.waitFor(1, TimeUnit.SECONDS)) {
      how = exit(dead.exitValue());
    }
    boolean livedLong =
        state == State.READY && Duration.between(since, now).compareTo(pace.grace()) > 0;
    if (livedLong) {
      deaths.clear();
    }
    deaths.addLast(now);
    while (Duration.between(deaths.getFirst(), now).compareTo(CRASH_WINDOW) > 0) {
      deaths.removeFirst();
    }
    @Nullable String unstarted = identity == null ? problem : null;
    identity = null;
    child = null;
    restarts++;
    boolean loop = deaths.size() >= CRASH_LOOP;
    become(
        loop ? State.CRASHING : State.RESTARTING,
        unstarted != null
            ? unstarted
            : loop
                ? "it %s, for the %dth time within a minute".formatted(how, deaths.size())
                : "it " + how);
    long factor = 1L << Math.min(deaths.size() - 1, 10);
    Duration wanted = pace.firstPause().multipliedBy(factor);
    Duration pause = wanted.compareTo(pace.longestPause()) > 0 ? pace.longestPause() : wanted;
    long deadline = System.nanoTime() + pause.toNanos();
    while (!stopping && System.nanoTime() < deadline) {
      pause(pace.poll());
    }
  }

  /// The JVM reports a death by signal as 128 + its number.
  private static String exit(int code) {
    return code > 128 && code < 160
        ? "was killed by signal " + (code - 128)
        : "ended with exit code " + code;
  }

  private void become(State next, @Nullable String why) {
    state = next;
    problem = why;
    write();
    listener.accept(this);
  }

  /// No failure, or this thread would end and nobody start the process again. [#watch] tries again
  /// what a full disk has refused.
  private void write() {
    try {
      if (state == State.STOPPED) {
        Files.deleteIfExists(home.run(plan.name()));
      } else {
        @Nullable ProcessIdentity current = identity;
        new RunFile(
                current == null ? new ProcessIdentity(0, "") : current,
                since,
                restarts,
                state,
                problem,
                plan.configuration())
            .write(home.run(plan.name()));
      }
      unwritten = null;
    } catch (IOException failure) {
      unwritten = "its state cannot be written: " + failure.getMessage();
    }
  }

  private void pause(Duration duration) throws InterruptedException {
    monitor.lock();
    try {
      if (!stopping) {
        long left = duration.toNanos();
        while (left > 0 && !stopping) {
          left = wakeUp.awaitNanos(left);
        }
      }
    } finally {
      monitor.unlock();
    }
  }

  static Optional<String> setsid() {
    for (String place : List.of("/usr/bin/setsid", "/bin/setsid")) {
      if (Files.isExecutable(Path.of(place))) {
        return Optional.of(place);
      }
    }
    return Optional.empty();
  }
}
