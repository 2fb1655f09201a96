package dev.slipway.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.bench.DeployBench.Result;
import dev.slipway.cli.bench.DeployBench.Run;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeployBenchTest {

  @Test
  void whatTheApplicationDoesItselfIsNotAddedByThePlatform() {
    Run run =
        new Run(
            Duration.ofMillis(1000),
            Duration.ofMillis(900),
            Map.of(
                "unpack", Duration.ofMillis(50),
                "install", Duration.ofMillis(100),
                "build", Duration.ofMillis(20),
                "migrate", Duration.ofMillis(300),
                "healthy", Duration.ofMillis(280)));

    assertThat(run.added()).isEqualTo(Duration.ofMillis(300));
    assertThat(new Result(List.of(run), List.of(Duration.ofMillis(800))).ratio()).isEqualTo(1.25);
  }
}
