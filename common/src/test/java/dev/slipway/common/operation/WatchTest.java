package dev.slipway.common.operation;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class WatchTest {

  private final Map<String, Watch.Standing> stored = new ConcurrentHashMap<>();
  private final AtomicInteger looks = new AtomicInteger();
  private final Watch watch =
      new Watch(
          operations -> {
            looks.incrementAndGet();
            return Map.copyOf(stored);
          });

  private final long soon = System.nanoTime() + Duration.ofMillis(50).toNanos();
  private final long late = System.nanoTime() + Duration.ofSeconds(30).toNanos();

  @Test
  void whoWaitsForTheEndHearsOfNothingElse() throws Exception {
    try (Watch.Waiting waiting = watch.on("op_1", true)) {
      watch.changed("op_1", false);
      watch.changed("op_2", true);
      assertThat(waiting.await(0, soon)).isFalse();

      watch.changed("op_1", true);
      assertThat(waiting.await(0, soon)).isTrue();
    }
  }

  @Test
  void whatHappensBetweenTwoLooksIsHeardOnce() throws Exception {
    try (Watch.Waiting waiting = watch.on("op_1", false)) {
      watch.changed("op_1", false);
      watch.disturbed("op_1");

      assertThat(waiting.await(0, soon)).isTrue();
      assertThat(waiting.await(0, soon)).isFalse();
    }
  }

  @Test
  void whatAnotherReplicaHasChangedIsSeen() throws Exception {
    try (Watch.Waiting change = watch.on("op_1", false);
        Watch.Waiting end = watch.on("op_2", true)) {
      stored.put("op_1", new Watch.Standing(8, false));
      stored.put("op_2", new Watch.Standing(8, true));

      assertThat(change.await(7, late)).isTrue();
      assertThat(end.await(0, late)).isTrue();
    }
  }

  @Test
  void whoHasSeenTheVersionWaitsOn() throws Exception {
    stored.put("op_1", new Watch.Standing(7, true));
    try (Watch.Waiting waiting = watch.on("op_1", false)) {
      long until = System.nanoTime() + 4 * Watch.LOOK_AGAIN.toNanos();

      assertThat(waiting.await(7, until)).isFalse();
      assertThat(looks).hasPositiveValue();
    }
  }

  @Test
  void oneLooksForAllWhoWait() throws Exception {
    stored.put("op_1", new Watch.Standing(1, false));
    long began = System.nanoTime();
    long until = began + 10 * Watch.LOOK_AGAIN.toNanos();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Boolean> changes =
          threads
              .invokeAll(
                  IntStream.range(0, 200)
                      .<Callable<Boolean>>mapToObj(i -> () -> waits(until))
                      .toList())
              .stream()
              .map(future -> future.resultNow())
              .toList();
      assertThat(changes).containsOnly(false);
    }

    long halves = (System.nanoTime() - began) / (Watch.LOOK_AGAIN.toNanos() / 2);
    assertThat(looks).hasValueLessThanOrEqualTo((int) halves + 1);
  }

  private boolean waits(long until) throws SQLException, InterruptedException {
    try (Watch.Waiting waiting = watch.on("op_1", false)) {
      return waiting.await(1, until);
    }
  }
}
