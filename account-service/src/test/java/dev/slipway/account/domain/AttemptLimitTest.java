package dev.slipway.account.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class AttemptLimitTest {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private final AttemptLimit limit = new AttemptLimit(2, Duration.ofMinutes(5));

  @Test
  void afterTheLastAttemptTheKeyWaitsForTheEndOfTheWindow() {
    limit.count("ann", NOW);
    assertThat(limit.waitOf("ann", NOW)).isNull();
    limit.count("ann", NOW.plusSeconds(60));

    assertThat(limit.waitOf("ann", NOW.plusSeconds(60))).isEqualTo(Duration.ofMinutes(4));
    assertThat(limit.waitOf("bob", NOW.plusSeconds(60))).isNull();
    assertThat(limit.waitOf("ann", NOW.plusSeconds(300))).isNull();
  }

  @Test
  void aForgottenKeyBeginsAnew() {
    limit.count("ann", NOW);
    limit.count("ann", NOW);
    limit.forget("ann");

    assertThat(limit.waitOf("ann", NOW)).isNull();
  }

  @Test
  void manyKeysPushOutTheOldest() {
    limit.count("ann", NOW);
    limit.count("ann", NOW);
    for (int i = 0; i < 10_000; i++) {
      limit.count("key" + i, NOW);
    }

    assertThat(limit.waitOf("ann", NOW)).isNull();
  }
}
