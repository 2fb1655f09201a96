package dev.slipway.gateway.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 127.0.0.1",
    "0:0:0:0:0:0:0:1, 0:0:0:0::/64",
    "2001:db8:1:2:3:4:5:6, 2001:db8:1:2::/64",
    "2001:db8:1:2:9:9:9:9, 2001:db8:1:2::/64"
  })
  void neighboursOfVersion6ShareABucket(String address, String bucket) {
    assertThat(SignInLimit.bucket(address)).isEqualTo(bucket);
  }

  private void pass(Duration time) {
    clock.addAndGet(time.toNanos());
  }
}
