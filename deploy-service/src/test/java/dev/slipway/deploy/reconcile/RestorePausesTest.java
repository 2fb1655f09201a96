package dev.slipway.deploy.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// How often something that does not stay up is brought back.
final class RestorePausesTest {

  private static final String SHOP = "app_shop";

  private final RestorePauses pauses = new RestorePauses();
  private Instant now = Instant.EPOCH;

  private boolean dueAfter(Duration time) {
    now = now.plus(time);
    return pauses.due(SHOP, now);
  }

  @Test
  void theFirstTimeAtOnceAndThenEachTimeLater() {
    assertThat(dueAfter(Duration.ZERO)).isTrue();
    pauses.begun(SHOP, now);
    assertThat(dueAfter(Duration.ofMillis(999))).isFalse();
    assertThat(dueAfter(Duration.ofMillis(1))).isTrue();
    pauses.begun(SHOP, now);
    assertThat(dueAfter(Duration.ofMillis(1999))).isFalse();
    assertThat(dueAfter(Duration.ofMillis(1))).isTrue();
  }

  @Test
  void neverLaterThanAMinute() {
    for (int i = 0; i < 50; i++) {
      pauses.begun(SHOP, now);
    }

    assertThat(dueAfter(Duration.ofSeconds(59))).isFalse();
    assertThat(dueAfter(Duration.ofSeconds(1))).isTrue();
  }

  @Test
  void whatHasRunForAMinuteIsBroughtBackAtOnce() {
    pauses.begun(SHOP, now);
    pauses.begun(SHOP, now);
    now = now.plus(Duration.ofMillis(500));
    pauses.runs(SHOP, now);
    assertThat(dueAfter(Duration.ZERO)).as("it ran for a moment only").isFalse();

    now = now.plus(Duration.ofMinutes(1));
    pauses.runs(SHOP, now);

    pauses.begun(SHOP, now);
    assertThat(dueAfter(Duration.ofSeconds(1))).isTrue();
  }

  @Test
  void whatIsGoneIsForgotten() {
    pauses.begun(SHOP, now);

    pauses.onlyOf(Set.of("app_other"));

    assertThat(dueAfter(Duration.ZERO)).isTrue();
  }
}
