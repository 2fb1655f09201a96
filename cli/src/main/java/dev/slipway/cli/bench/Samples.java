package dev.slipway.cli.bench;

import java.time.Duration;
import java.util.List;

/// Numbers about a few measured times.
public final class Samples {

  private Samples() {}

  public static Duration median(List<Duration> times) {
    List<Duration> sorted = times.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : sorted.get(middle - 1).plus(sorted.get(middle)).dividedBy(2);
  }

  /// The smallest time that at least 95 of 100 do not exceed; of few, that is the largest.
  public static Duration percentile95(List<Duration> times) {
    List<Duration> sorted = times.stream().sorted().toList();
    return sorted.get((int) Math.ceil(sorted.size() * 0.95) - 1);
  }

  public static Duration smallest(List<Duration> times) {
    return times.stream().sorted().findFirst().orElse(Duration.ZERO);
  }
}
