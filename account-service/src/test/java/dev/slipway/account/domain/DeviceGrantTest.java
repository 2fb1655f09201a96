package dev.slipway.account.domain;

import static dev.slipway.account.domain.DeviceGrant.Answer.ACCESS_DENIED;
import static dev.slipway.account.domain.DeviceGrant.Answer.AUTHORIZATION_PENDING;
import static dev.slipway.account.domain.DeviceGrant.Answer.EXPIRED_TOKEN;
import static dev.slipway.account.domain.DeviceGrant.Answer.INVALID_GRANT;
import static dev.slipway.account.domain.DeviceGrant.Answer.SLOW_DOWN;
import static dev.slipway.account.domain.DeviceGrant.Answer.TOKENS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class DeviceGrantTest {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant LATER = NOW.plusSeconds(1);

  @Test
  void eachStateHasItsAnswer() {
    assertThat(DeviceGrant.poll(DeviceGrant.State.PENDING, LATER, null, NOW))
        .isEqualTo(AUTHORIZATION_PENDING);
    assertThat(DeviceGrant.poll(DeviceGrant.State.APPROVED, LATER, NOW, NOW)).isEqualTo(TOKENS);
    assertThat(DeviceGrant.poll(DeviceGrant.State.DENIED, LATER, NOW, NOW))
        .isEqualTo(ACCESS_DENIED);
    assertThat(DeviceGrant.poll(DeviceGrant.State.USED, LATER, NOW, NOW)).isEqualTo(INVALID_GRANT);
  }

  @Test
  void theLastMomentIsTooLate() {
    assertThat(DeviceGrant.poll(DeviceGrant.State.APPROVED, NOW, null, NOW))
        .isEqualTo(EXPIRED_TOKEN);
    assertThat(DeviceGrant.poll(DeviceGrant.State.USED, NOW, null, NOW)).isEqualTo(INVALID_GRANT);
  }

  @Test
  void onlyPollsThatAreClearlyTooEarlyAreSlowedDown() {
    Instant end = NOW.plusSeconds(900);
    Instant polled = NOW.minus(Lifetimes.DEVICE_POLL);

    assertThat(DeviceGrant.poll(DeviceGrant.State.PENDING, end, polled, NOW))
        .isEqualTo(AUTHORIZATION_PENDING);
    assertThat(DeviceGrant.poll(DeviceGrant.State.PENDING, end, polled.plusMillis(400), NOW))
        .isEqualTo(AUTHORIZATION_PENDING);
    assertThat(DeviceGrant.poll(DeviceGrant.State.PENDING, end, polled.plusMillis(600), NOW))
        .isEqualTo(SLOW_DOWN);
  }
}
