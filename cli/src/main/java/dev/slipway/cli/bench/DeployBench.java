package dev.slipway.cli.bench;

import dev.slipway.cli.api.ApplicationCalls;
import dev.slipway.cli.api.Applications;
import dev.slipway.cli.api.Applications.Application;
import dev.slipway.cli.api.Applications.Deploy;
import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.api.OperationView.Step;
import dev.slipway.cli.api.Operations;
import dev.slipway.cli.archive.ApplicationArchive;
import dev.slipway.cli.console.CommandFailure;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Measures deploys of an application whose packages have not changed against doing the same by
/// hand, in turns, so that whatever else the machine does hits both alike.
public final class DeployBench {

  /// What takes as long as the application's own commands take, whoever runs them.
  private static final Set<String> APPLICATIONS_OWN =
      Set.of("install", "build", "migrate", "healthy");

  private final Applications applications;
  private final Operations operations;
  private final ApplicationCalls calls;
  private final Consumer<String> progress;

  public DeployBench(
      Applications applications,
      Operations operations,
      ApplicationCalls calls,
      Consumer<String> progress) {
    this.applications = applications;
    this.operations = operations;
    this.calls = calls;
    this.progress = progress;
  }

  /// One deploy.
  ///
  /// @param whole     from the request to the first answer of the new version
  /// @param operation as the platform has measured it itself
  /// @param steps     by name, in their order
  public record Run(Duration whole, Duration operation, Map<String, Duration> steps) {

    /// What the platform adds to the application's own commands and its own start.
    public Duration added() {
      Duration own = Duration.ZERO;
      for (String step : APPLICATIONS_OWN) {
        own = own.plus(steps.getOrDefault(step, Duration.ZERO));
      }
      return whole.minus(own);
    }
  }

  /// What was measured.
  public record Result(List<Run> ours, List<Duration> byHand) {

    public Result {
      ours = List.copyOf(ours);
      byHand = List.copyOf(byHand);
    }

    public Duration oursMedian() {
      return Samples.median(ours.stream().map(Run::whole).toList());
    }

    public Duration addedMedian() {
      return Samples.median(ours.stream().map(Run::added).toList());
    }

    public double ratio() {
      return (double) oursMedian().toNanos() / Samples.median(byHand).toNanos();
    }

    /// The median of each step.
    public Map<String, Duration> steps() {
      Map<String, List<Duration>> times = new LinkedHashMap<>();
      for (Run run : ours) {
        run.steps()
            .forEach(
                (name, took) -> times.computeIfAbsent(name, it -> new ArrayList<>()).add(took));
      }
      Map<String, Duration> medians = new LinkedHashMap<>();
      times.forEach((name, each) -> medians.put(name, Samples.median(each)));
      return medians;
    }
  }

  /// The same without the platform.
  @FunctionalInterface
  public interface ByHand {
    /// From the archive to the first answer; what it has made is gone again afterwards.
    Duration run() throws IOException, InterruptedException;
  }

  /// @param name of an application that has been deployed at least once, so that its packages are
  ///     known
  public Result run(String name, ApplicationArchive archive, ByHand byHand, int runs)
      throws IOException, InterruptedException {
    List<Run> ours = new ArrayList<>();
    List<Duration> hand = new ArrayList<>();
    // The first of each warms caches and does not count.
    deploy(name, archive);
    byHand.run();
    for (int i = 1; i <= runs; i++) {
      progress.accept("run %d of %d".formatted(i, runs));
      ours.add(deploy(name, archive));
      hand.add(byHand.run());
    }
    return new Result(ours, hand);
  }

  private Run deploy(String name, ApplicationArchive archive)
      throws IOException, InterruptedException {
    long began = System.nanoTime();
    Deploy begun = applications.deploy(name, archive);
    Optional<String> operation = begun.operation();
    if (operation.isEmpty()) {
      throw CommandFailure.failed("bench-failed", "the platform has begun no operation").build();
    }
    OperationView end = operations.follow(operation.get(), seen -> {});
    if (!end.succeeded()) {
      throw CommandFailure.failed(
              "bench-failed", "the deploy has failed: %s".formatted(end.cause()))
          .operationId(end.id())
          .next("See `slipway ops show %s`.".formatted(end.id()))
          .build();
    }
    Application now = applications.info(name);
    calls.get(now.url());
    Duration whole = Duration.ofNanos(System.nanoTime() - began);
    Map<String, Duration> steps = new LinkedHashMap<>();
    for (Step step : end.steps()) {
      step.took().ifPresent(took -> steps.put(step.name(), took));
    }
    return new Run(whole, end.age(Instant.now()), steps);
  }
}
