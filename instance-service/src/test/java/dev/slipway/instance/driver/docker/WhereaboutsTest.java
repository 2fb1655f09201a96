package dev.slipway.instance.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Names;
import dev.slipway.docker.Networks;
import dev.slipway.docker.Reach;
import dev.slipway.instance.driver.InstanceSpecification;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WhereaboutsTest {

  private static final InstanceSpecification SPECIFICATION =
      new InstanceSpecification(
          "ins_0123456789abcdefghijklmnop", "org_someone", new Endpoint("localhost", 21_234));

  /// Nothing listens there.
  private final Engine engine = new Engine("tcp://127.0.0.1:1", request -> {});

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void aPlatformOfProcessesGoesWhereEverybodyGoes() {
    assertThat(whereabouts(Reach.PUBLISHED)).isEqualTo(SPECIFICATION.endpoint());
  }

  @Test
  void aPlatformOfContainersGoesToTheServerItselfWhetherOrNotTheEngineAnswers() {
    assertThat(whereabouts(Reach.NETWORK))
        .isEqualTo(new Endpoint("ins-0123456789abcdefghijklmnop", 5432));
  }

  private Endpoint whereabouts(Reach reach) {
    var networks = new Networks(engine, new Names("an installation"), reach);
    return new Whereabouts(reach, networks).apply(SPECIFICATION);
  }
}
