package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.cli.system.PlatformUnderTest.Result;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/// A platform whose instances are containers, as the one who runs it sees it.
@ResourceLock("the engine of containers")
final class DockerDriverIT {

  static final String IMAGE = "postgres:18";

  private @Nullable EngineFromOutside engine;

  @BeforeEach
  void needsAnEngine() throws IOException, InterruptedException {
    EngineFromOutside.requireImages(IMAGE);
  }

  @AfterEach
  void removeContainers() throws IOException, InterruptedException {
    if (engine != null) {
      engine.removeAll();
    }
  }

  @Test
  void instancesLiveInContainersUntilTheyAreDestroyed() throws Exception {
    try (PlatformUnderTest platform = PlatformUnderTest.another()) {
      platform.slipway(platform.folder(), "up", "--detach", "--driver", "docker").succeeded();
      EngineFromOutside outside = EngineFromOutside.of(platform);
      engine = outside;
      Path mine = platform.user("dockerdriver");
      platform
          .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
          .succeeded();
      assertThat(outside.list("ps", "-q")).hasSize(1);
      assertThat(outside.networks()).hasSize(1);
      assertThat(query(platform, mine, "main", "create table kept as select 42 as answer"))
          .isEmpty();
      assertThat(platform.slipway(mine, "status").succeeded().out())
          .containsPattern("Driver +docker \\(limits networks\\)")
          .containsPattern("main +[0-9]+ +[1-9][0-9]* +[1-9][0-9]* MB");

      EngineFromOutside.docker("kill", outside.list("ps", "-q").getFirst()).succeeded();
      awaitAnswer(platform, mine);

      platform.slipway(mine, "down").succeeded();
      assertThat(outside.list("ps", "-q")).isEmpty();
      Result other = platform.slipway(mine, "up", "--detach", "--driver", "process");
      assertThat(other.exitCode()).isNotZero();
      assertThat(other.err()).contains("'docker', which cannot be changed");
      platform.slipway(mine, "up", "--detach").succeeded();
      awaitAnswer(platform, mine);

      platform.slipway(mine, "db", "destroy", "main", "--yes").succeeded();
      assertThat(outside.containers()).isEmpty();
      assertThat(outside.volumes()).isEmpty();
      assertThat(outside.networks()).isEmpty();
      assertThat(platform.slipway(mine, "orphans", "list").succeeded().out())
          .doesNotContain("container", "volume");
    }
  }

  private static void awaitAnswer(PlatformUnderTest platform, Path mine) {
    await("the data is there again")
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .ignoreExceptions()
        .until(
            () -> query(platform, mine, "main", "select answer from kept"), List.of("42")::equals);
  }

  static List<String> query(PlatformUnderTest platform, Path mine, String instance, String sql)
      throws IOException, InterruptedException, SQLException {
    String url = platform.slipway(mine, "db", "url", instance, "-S").succeeded().out().strip();
    URI address = URI.create(url);
    String[] person = address.getUserInfo().split(":", 2);
    String place =
        "jdbc:postgresql://%s:%d%s?%s"
            .formatted(address.getHost(), address.getPort(), address.getPath(), address.getQuery());
    assertThat(place).contains("sslmode=verify-full");
    List<String> found = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection(place, person[0], person[1]);
        Statement statement = connection.createStatement()) {
      if (statement.execute(sql)) {
        try (ResultSet rows = statement.getResultSet()) {
          while (rows.next()) {
            found.add(rows.getString(1));
          }
        }
      }
    }
    return found;
  }
}
