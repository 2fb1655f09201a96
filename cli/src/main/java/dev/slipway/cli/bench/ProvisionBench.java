package dev.slipway.cli.bench;

import dev.slipway.cli.api.Databases;
import dev.slipway.cli.api.Operations;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.platform.Postgres;
import dev.slipway.cli.platform.RandomPassword;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Measures provisioning against doing it by hand, interleaved, so that whatever else the machine
/// does hits all of them alike.
public final class ProvisionBench {

  private static final Duration POLL = Duration.ofMillis(5);
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Supplier<Databases> databases;
  private final Supplier<Operations> operations;
  private final Postgres postgres;
  private final Path folder;
  private final Consumer<String> progress;

  /// @param databases  gives each thread its own, as they are not shared
  /// @param operations the same
  public ProvisionBench(
      Supplier<Databases> databases,
      Supplier<Operations> operations,
      Postgres postgres,
      Path folder,
      Consumer<String> progress) {
    this.databases = databases;
    this.operations = operations;
    this.postgres = postgres;
    this.folder = folder;
    this.progress = progress;
  }

  /// What was measured.
  ///
  /// @param floor    of copies by hand; none where containers are compared
  /// @param plain    the plain way by hand
  /// @param parallel the times of those that were asked for at once
  public record Result(
      List<Duration> floor, List<Duration> plain, List<Duration> ours, List<Duration> parallel) {

    public double ratioToFloor() {
      return ratio(ours, floor);
    }

    public double ratioToPlain() {
      return ratio(ours, plain);
    }

    private static double ratio(List<Duration> one, List<Duration> other) {
      return (double) Samples.median(one).toNanos() / Samples.median(other).toNanos();
    }
  }

  /// Against `docker run` of an image.
  public Result run(int runs, int parallel, String image) throws IOException, InterruptedException {
    List<Duration> plain = new ArrayList<>();
    List<Duration> ours = new ArrayList<>();
    HandContainer hand = new HandContainer(image);
    Databases mine = databases.get();
    Operations followed = operations.get();
    hand.started();
    provision(mine, followed);
    for (int i = 1; i <= runs; i++) {
      progress.accept("run %d of %d".formatted(i, runs));
      plain.add(hand.started());
      ours.add(provision(mine, followed));
    }
    progress.accept("%d at once".formatted(parallel));
    return new Result(List.of(), plain, ours, parallel > 0 ? together(parallel) : List.of());
  }

  public Result run(int runs, int parallel) throws IOException, InterruptedException {
    List<Duration> floor = new ArrayList<>();
    List<Duration> plain = new ArrayList<>();
    List<Duration> ours = new ArrayList<>();
    Path work = folder.resolve("bench-" + Long.toHexString(ThreadLocalRandom.current().nextLong()));
    try (HandMade hand =
        new HandMade(work, postgres.home(), postgres.asRoot(), RandomPassword.letters())) {
      hand.prepare();
      // The first of each warms caches and connections and does not count.
      Databases mine = databases.get();
      Operations followed = operations.get();
      hand.copied();
      provision(mine, followed);
      for (int i = 1; i <= runs; i++) {
        progress.accept("run %d of %d".formatted(i, runs));
        floor.add(hand.copied());
        ours.add(provision(mine, followed));
        plain.add(hand.initialised());
      }
    }
    progress.accept("%d at once".formatted(parallel));
    return new Result(floor, plain, ours, parallel > 0 ? together(parallel) : List.of());
  }

  /// Asks for all of them at once, and removes them when the last one is there, so that no removal
  /// is in the way of what is measured.
  private List<Duration> together(int count) throws IOException, InterruptedException {
    try (ExecutorService threads = Executors.newFixedThreadPool(count)) {
      List<Callable<Duration>> making = new ArrayList<>();
      List<Callable<Duration>> removing = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Databases mine = databases.get();
        Operations followed = operations.get();
        String name = name();
        // Connected beforehand, as everybody is who asks for a second instance.
        mine.list();
        followed.list(Map.of(), 1);
        making.add(() -> provisioned(mine, followed, name));
        removing.add(
            () -> {
              destroy(mine, followed, name);
              return Duration.ZERO;
            });
      }
      try {
        return all(threads, making);
      } finally {
        all(threads, removing);
      }
    }
  }

  private static List<Duration> all(ExecutorService threads, List<Callable<Duration>> tasks)
      throws InterruptedException {
    List<Duration> times = new ArrayList<>();
    for (Future<Duration> one : threads.invokeAll(tasks)) {
      try {
        times.add(one.get());
      } catch (ExecutionException failure) {
        if (failure.getCause() instanceof CommandFailure said) {
          throw said;
        }
        throw CommandFailure.failed("bench-failed", String.valueOf(failure.getCause()))
            .cause(failure)
            .build();
      }
    }
    return times;
  }

  private Duration provision(Databases mine, Operations followed)
      throws IOException, InterruptedException {
    String name = name();
    try {
      return provisioned(mine, followed, name);
    } finally {
      destroy(mine, followed, name);
    }
  }

  /// From asking until the status says `available`. It follows the operation, as `slipway db
  /// provision` does: asking for the status all the time would measure the asking, which takes more
  /// of a small machine than the provisioning.
  private static Duration provisioned(Databases mine, Operations followed, String name)
      throws IOException, InterruptedException {
    long began = System.nanoTime();
    Optional<String> operation = mine.provision(name, "bench_user", RandomPassword.letters());
    if (operation.isPresent()) {
      followed.follow(operation.get(), seen -> {});
    }
    String status = mine.info(name).status();
    while (!status.equals("available")) {
      if (System.nanoTime() - began > PATIENCE.toNanos()) {
        throw CommandFailure.failed(
                "bench-failed", "%s is still %s after %s".formatted(name, status, PATIENCE))
            .build();
      }
      TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
      status = mine.info(name).status();
    }
    return Duration.ofNanos(System.nanoTime() - began);
  }

  private static void destroy(Databases mine, Operations followed, String name)
      throws IOException, InterruptedException {
    Optional<String> operation = mine.destroy(name);
    if (operation.isPresent()) {
      followed.follow(operation.get(), seen -> {});
    }
  }

  private static String name() {
    return "b_" + Long.toHexString(ThreadLocalRandom.current().nextLong(1L << 40));
  }
}
