package dev.slipway.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.FakePlatform;
import dev.slipway.cli.api.FakePlatform.Reply;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.PlatformHome;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectionTest {

  @TempDir private Path folder;

  /// What is missing may be what has not ended.
  @Test
  void aListThatLacksTheOperationsOfAServiceIsNoObservation() throws Exception {
    try (FakePlatform platform = new FakePlatform(folder)) {
      Inspection inspection = inspection(platform);
      platform.answers(call -> Reply.of(200, "[]"));
      assertThat(inspection.look().organizations()).containsOnlyKeys("acme");

      platform.answers(
          call ->
              call.line().contains("/operations")
                  ? new Reply(
                      200, "[]", Map.of("Warning", "199 slipway \"deploy-service did not answer\""))
                  : Reply.of(200, "[]"));

      assertThatThrownBy(inspection::look)
          .isInstanceOf(CommandFailure.class)
          .hasMessage("deploy-service did not answer");
    }
  }

  private Inspection inspection(FakePlatform platform) throws Exception {
    platform.signIn(folder, "acme");
    Surroundings surroundings =
        new Surroundings(
            Map.of("SLIPWAY_HOME", folder.resolve("home").toString()),
            folder,
            InputStream.nullInputStream(),
            System.out,
            System.err,
            Set.of(),
            folder);
    return new Inspection(
        PlatformHome.of(surroundings),
        null,
        Map.of("acme", ApiClient.of(surroundings)),
        new Expectations());
  }
}
