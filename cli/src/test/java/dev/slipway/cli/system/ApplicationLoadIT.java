package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.chaos.SteadyLoad;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// An application under steady load while it is deployed, deployed again, rolled back, and loses
/// one of its two executors: nobody who uses it notices.
@InTurn(3)
@Isolated("measures")
class ApplicationLoadIT {

  private static final String SERVER =
      """
      import { createServer } from 'node:http';
      const server = createServer((request, response) => {
        request.resume();
        setTimeout(() => response.end('VERSION'), 5);
      });
      server.listen(Number(process.env.PORT ?? 3000));
      """;

  private static final SteadyLoad.Manner USERS =
      new SteadyLoad.Manner(130, true, Duration.ofMinutes(60));

  @Test
  void nobodyNoticesDeploysRollBacksAndALostExecutor() throws Exception {
    PlatformUnderTest platform = PlatformUnderTest.get();
    Path mine = platform.user("appload");
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    Example example = Example.copy(platform, mine, "appload", "plain-node");
    example.write("main.js", SERVER.replace("VERSION", "first"));
    platform.slipway(mine, "app", "register", "-d", "main").succeeded();
    platform.slipway(mine, "app", "update", "--min-executors", "2").succeeded();
    platform.slipway(mine, "app", "deploy").succeeded();
    ApplicationExecutors executors = ApplicationExecutors.of(platform, example.id("plain-node"));
    assertThat(executors.supervisors()).hasSize(2);

    try (SteadyLoad load = new SteadyLoad(platform.trust(), example.url("plain-node"), USERS)) {
      moreAnswers(load);

      load.phase("deploy of the same");
      platform.slipway(mine, "app", "deploy").succeeded();
      moreAnswers(load);
      assertThat(load.answers()).containsExactly("first");

      load.phase("deploy of another version");
      example.write("main.js", SERVER.replace("VERSION", "second"));
      example.write("migrations/002_note.up.sql", "alter table visit add note text");
      example.write("migrations/002_note.down.sql", "alter table visit drop note");
      platform.slipway(mine, "app", "deploy").succeeded();
      load.answers();
      moreAnswers(load);
      assertThat(load.answers()).containsExactly("second");

      load.phase("roll back");
      platform.slipway(mine, "app", "rollback").succeeded();
      load.answers();
      moreAnswers(load);
      assertThat(load.answers()).containsExactly("first");
      assertThat(load.failures()).isEmpty();

      load.phase("loss of an executor");
      List<Long> supervisors = executors.supervisors();
      assertThat(supervisors).hasSize(2);
      assertThat(ApplicationExecutors.killServer(supervisors.getFirst())).isTrue();
      moreAnswers(load);
      moreAnswers(load);
      load.end();

      System.out.printf(
          "%.0f requests a second, %d in all, failed: %s%n",
          load.perSecond(), load.answered(), load.failures());
      assertThat(load.failures())
          .as("what may be repeated, or was not sent to who died")
          .allMatch(failure -> !failure.safe() && failure.what().startsWith("502"))
          // As many as one executor can have had at the moment at most.
          .hasSizeLessThan(4);
      assertThat(load.perSecond()).isGreaterThan(100);
    }
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
  }

  private static void moreAnswers(SteadyLoad load) {
    long before = load.answered();
    Awaitility.await()
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> load.answered() >= before + 300);
  }
}
