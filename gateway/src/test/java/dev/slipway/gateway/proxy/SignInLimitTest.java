package dev.slipway.gateway.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SignInLimitTest {

  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1_000_000_000L);
  private final SignInLimit limit = new SignInLimit(3, Duration.ofSeconds(10), clock::get);

  @Test
  void anAddressMayTryAFewTimesAtOnce() {
    assertThat(limit.take("a")).isEmpty();
    assertThat(limit.take("a")).isEmpty();
    assertThat(limit.take("a")).isEmpty();
    assertThat(limit.take("a")).isPresent();
  }

  @Test
  void triesComeBackOneByOne() {
    for (int i = 0; i < 4; i++) {
      limit.take("a");
    }

    pass(Duration.ofSeconds(10));

    assertThat(limit.take("a")).isEmpty();
    assertThat(limit.take("a")).isPresent();
  }

  @Test
  void neverMoreThanTheBucketHolds() {
    pass(Duration.ofDays(1));

    for (int i = 0; i < 3; i++) {
      assertThat(limit.take("a")).isEmpty();
    }
    assertThat(limit.take("a")).isPresent();
  }

  @Test
  void oneAddressDoesNotUseUpAnothersTries() {
    for (int i = 0; i < 4; i++) {
      limit.take("a");
    }

    assertThat(limit.take("b")).isEmpty();
  }

  @Test
  void addressesSeenLongAgoAreForgotten() {
    for (int i = 0; i < 4; i++) {
      limit.take("a");
    }
    for (int i = 0; i < 10_000; i++) {
      limit.take("other" + i);
    }

    assertThat(limit.take("a")).isEmpty();
  }

  private void pass(Duration time) {
    clock.addAndGet(time.toNanos());
  }
}
