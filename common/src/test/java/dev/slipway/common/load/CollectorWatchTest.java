package dev.slipway.common.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class CollectorWatchTest {

  private static final Duration MINUTE = Duration.ofMinutes(1);

  @Test
  void whoCollectsNowAndThenIsNotSpokenOf() {
    assertThat(CollectorWatch.alarm(Duration.ZERO, MINUTE, 64 << 20)).isEmpty();
    assertThat(CollectorWatch.alarm(Duration.ofSeconds(12), MINUTE, 64 << 20)).isEmpty();
  }

  @Test
  void whoDoesLittleElseIs() {
    assertThat(CollectorWatch.alarm(Duration.ofSeconds(33), MINUTE, 64 << 20))
        .contains(
            "alarm=collecting-garbage share=55% of the last 60 s: the heap of 64 MB is too small");
  }
}
