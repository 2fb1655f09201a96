package dev.slipway.cli.system;

import static dev.slipway.cli.system.SlowApplication.NAME;
import static dev.slipway.cli.system.SlowApplication.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.system.PlatformUnderTest.Result;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// What happens when a time is over, on a platform whose times are short.
@InTurn(1)
@Isolated("a platform of its own, whose times are short")
class ShortTimesIT {

  @Test
  void whoDoesNotListenIsUndoneAndWhoDoesNotEndIsEnded() throws Exception {
    try (PlatformUnderTest platform =
        PlatformUnderTest.another(
            Map.of(
                "SLIPWAY_APPLICATIONS_HEALTHY_WITHIN", "5s",
                "SLIPWAY_DRAIN_WITHIN", "10s",
                "SLIPWAY_DRAIN_EVERY", "1s"))) {
      platform.slipway(platform.folder(), "up", "--detach").succeeded();
      Path mine = platform.user("shorttimes");
      platform
          .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
          .succeeded();
      SlowApplication slow = SlowApplication.copy(platform, mine, "shorttimes");
      platform.slipway(mine, "app", "deploy", "-d", "main").succeeded();
      String first = slow.version();

      slow.example()
          .write("silent.js", "console.log('I listen to nobody'); setInterval(() => {}, 1000);");
      slow.example().replace("dbos-config.yaml", "node main.js", "node silent.js");
      Result silent = platform.slipway(mine, "app", "deploy");
      assertThat(silent.exitCode()).isEqualTo(1);
      assertThat(silent.err())
          .contains("not healthy 5 s after its start: it does not listen on its port")
          .contains("I listen to nobody");
      assertThat(slow.version()).isEqualTo(first);
      assertThat(slow.executors().supervisors()).hasSize(1);

      slow.example().replace("dbos-config.yaml", "node silent.js", "node main.js");
      String endless = slow.begin("endless");
      platform.slipway(mine, "app", "deploy").succeeded();
      String second = slow.version();
      assertThat(second).isGreaterThan(first);
      assertThat(slow.executors().supervisors()).hasSize(2);
      await("its time is over").until(() -> slow.executors().supervisors().size() == 1);
      assertThat(slow.version()).isEqualTo(second);
      assertThat(
              platform
                  .slipway(mine, "app", "workflow", "list", NAME, "-S", "PENDING", "--json")
                  .json()
                  .findValuesAsText("workflow_id"))
          .as("whoever cares can cancel it, or deploy its version again")
          .containsExactly(endless);
    }
  }
}
