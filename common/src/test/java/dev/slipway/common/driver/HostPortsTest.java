package dev.slipway.common.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class HostPortsTest {

  @Test
  void aPortThatIsTakenIsNotFreeAndStillOneOfAll() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var ports = new HostPorts("localhost", taken.getLocalPort(), taken.getLocalPort());

      assertThat(ports.free()).isEmpty();
      assertThat(ports.all()).containsExactly(new Endpoint("localhost", taken.getLocalPort()));
    }
  }

  @Test
  void aRangeHasPortsAndForPairsTwo() {
    assertThatIllegalArgumentException().isThrownBy(() -> new HostPorts("localhost", 0, 5));
    assertThatIllegalArgumentException().isThrownBy(() -> new HostPorts("localhost", 6, 5));
    assertThatIllegalArgumentException().isThrownBy(() -> new HostPorts("localhost", 5, 65_536));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HostPorts.forPairs("localhost", 5_000, 5_000));
  }
}
