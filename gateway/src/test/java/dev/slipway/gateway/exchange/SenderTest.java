package dev.slipway.gateway.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.net.SocketAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SenderTest {

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 127.0.0.1",
    "0:0:0:0:0:0:0:1, 0:0:0:0::/64",
    "2001:db8:1:2:3:4:5:6, 2001:db8:1:2::/64",
    "2001:db8:1:2:9:9:9:9, 2001:db8:1:2::/64"
  })
  void neighboursOfVersion6AreOneSender(String address, String sender) {
    assertThat(Sender.of(SocketAddress.inetSocketAddress(4711, address))).isEqualTo(sender);
  }
}
