package dev.slipway.common.operation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class WatchTest {

  private final Watch watch = new Watch();

  /// One that is stuck goes on when it is told to: that it was stuck once is no end.
  @Test
  void aRestIsSeenOnce() {
    try (Watch.Waiting waiting = watch.on("op_1", true)) {
      watch.changed("op_1", true);

      assertThat(waiting.rested()).isTrue();
      assertThat(waiting.rested()).isFalse();

      watch.changed("op_1", false);
      assertThat(waiting.rested()).isFalse();
      watch.changed("op_1", true);
      assertThat(waiting.rested()).isTrue();
    }
  }

  @Test
  void whatHappensToOthersIsNotHeard() throws InterruptedException {
    try (Watch.Waiting waiting = watch.on("op_1", true)) {
      watch.changed("op_2", true);

      waiting.await(System.nanoTime() + Duration.ofMillis(10).toNanos());

      assertThat(waiting.rested()).isFalse();
    }
  }
}
