package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// Two replicas of each service that runs operations share the work, and stopping one of them in
/// the middle of it loses nothing.
@Isolated("starts and stops a replica")
final class TwoReplicasIT {

  private static final int INSTANCES = 10;
  private static final int APPLICATIONS = 3;

  private final PlatformFromOutside outside = PlatformFromOutside.shared();

  @Test
  void bothWorkAndStoppingOneLosesNothing() throws Exception {
    PlatformUnderTest platform = PlatformUnderTest.get();
    User ann = outside.register("tworeplicas");
    Path mine = platform.user("tworep");
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < APPLICATIONS; i++) {
      Path folder = platform.workFolder("tworep-" + i);
      Example example = Example.copy(platform, folder, "tworep", "plain-node");
      example.replace("dbos-config.yaml", "name: plain-node", "name: plain-" + i);
      example.replace(
          "package.json", "\"name\": \"plain-node\"", "\"name\": \"plain-%d\"".formatted(i));
      example.signInAs(mine);
      platform.slipway(folder, "app", "register", "-d", "main").succeeded();
      examples.add(example);
    }

    List<String> operations = new ArrayList<>();
    try (SecondReplica instances = SecondReplica.of(outside, "instance-service");
        SecondReplica deploys = SecondReplica.of(outside, "deploy-service")) {
      List<PlatformUnderTest.Running> running = new ArrayList<>();
      for (Example example : examples) {
        running.add(platform.begin(example.folder(), "app", "deploy"));
      }
      for (int i = 0; i < INSTANCES; i++) {
        operations.add(ann.provision("shared" + i, "shared-password-" + i));
      }
      Awaitility.await("the second replicas work too")
          .atMost(PlatformUnderTest.PATIENCE)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> instances.worked() && deploys.worked());
      instances.stop();
      deploys.stop();
      for (PlatformUnderTest.Running one : running) {
        one.end().succeeded();
      }
    }

    for (String operation : operations) {
      assertThat(ann.awaitEnd(operation).path("outcome").asText()).isEqualTo("succeeded");
    }
    for (int i = 0; i < APPLICATIONS; i++) {
      assertThat(examples.get(i).get("plain-" + i)).isNotNull();
      assertThat(ApplicationExecutors.of(platform, examples.get(i).id("plain-" + i)).supervisors())
          .hasSize(1);
    }
    for (int i = 0; i < INSTANCES; i++) {
      ann.destroy("shared" + i);
    }
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
  }
}
