package dev.slipway.gateway.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SharesTest {

  private final Shares shares = new Shares(2);

  @Test
  void eachHolderMayHaveAsManyAndNoMore() {
    assertThat(shares.take("a")).isTrue();
    assertThat(shares.take("a")).isTrue();
    assertThat(shares.take("a")).isFalse();
    assertThat(shares.take("b")).isTrue();
  }

  @Test
  void whatIsGivenBackMayBeTakenAgain() {
    shares.take("a");
    shares.take("a");
    shares.take("a");

    shares.giveBack("a");

    assertThat(shares.take("a")).isTrue();
    assertThat(shares.take("a")).isFalse();
  }
}
