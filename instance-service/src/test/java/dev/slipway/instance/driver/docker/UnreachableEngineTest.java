package dev.slipway.instance.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.Observation;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a person reads when the engine is not there: this needs none.
final class UnreachableEngineTest {

  @Test
  void engineThatIsNotThereIsTriedAgainAndSaidByItsAddress(@TempDir Path folder) throws Exception {
    String host = "unix://" + folder.resolve("none.sock");
    var specification =
        new InstanceSpecification(
            Identifiers.next("ins"), "org_one", new Endpoint("localhost", 24_999));
    try (var driver = DockerStage.at(host, "postgres:18", folder)) {
      var fence = new Fence(specification.instance(), 1);

      assertThatExceptionOfType(DriverFailure.Transient.class)
          .isThrownBy(() -> driver.create(fence, specification))
          .withMessageContaining(host)
          .extracting(DriverFailure::code)
          .isEqualTo("engine-unreachable");
      assertThatExceptionOfType(DriverFailure.Transient.class)
          .isThrownBy(() -> driver.destroy(fence, specification.instance(), List.of()));
      assertThat(driver.observe(specification).state())
          .as("nothing listens on its port")
          .isEqualTo(Observation.State.DOWN);
      try (var listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        var stranger =
            new InstanceSpecification(
                specification.instance(),
                "org_one",
                new Endpoint("127.0.0.1", listening.getLocalPort()));
        Thread.startVirtualThread(() -> closeWhatComes(listening));
        assertThat(driver.observe(stranger).state()).isEqualTo(Observation.State.UNKNOWN);
      }
    }
  }

  private static void closeWhatComes(ServerSocket listening) {
    try {
      while (true) {
        listening.accept().close();
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }
}
