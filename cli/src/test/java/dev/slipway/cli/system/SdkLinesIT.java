package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// Applications on each published line of the SDK that differs in what it needs, with each tool for
/// migrations: deployed, changed, rolled back, with a workflow in between.
///
/// All answer with the rows of a table, of which the first comes from a migration; the second
/// version adds a column. They are deployed at the same time, so that the platform's limits decide
/// how many install at once.
class SdkLinesIT {

  private static final List<String> APPLICATIONS =
      List.of(
          // Built, and pruned of what built it; served by the SDK itself; with a lock file.
          "knex-1",
          // Without a lock file.
          "knex-2",
          "typeorm-2",
          // Out of the cloud, since it has no telemetry: it must find its system database anyway.
          "knex-4",
          // In the cloud; the tool for migrations is needed for nothing else and pruned after.
          "drizzle-4");

  @Test
  void everyLineIsDeployedChangedAndRolledBack() throws Exception {
    PlatformUnderTest platform = PlatformUnderTest.get();
    Path mine = platform.user("sdklines");
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    List<Future<?>> running = new ArrayList<>();
    try (ExecutorService together = Executors.newVirtualThreadPerTaskExecutor()) {
      for (String name : APPLICATIONS) {
        running.add(
            together.submit(
                () -> {
                  goThrough(platform, mine, name);
                  return name;
                }));
      }
    }
    for (Future<?> ended : running) {
      ended.get();
    }
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
  }

  private static void goThrough(PlatformUnderTest platform, Path mine, String name)
      throws Exception {
    Path files = Path.of("src/test/resources/applications", name).toAbsolutePath();
    Example application =
        Example.of(
            platform, platform.workFolder("sdklines-" + name), "sdklines", files.resolve("first"));
    application.signInAs(mine);

    platform.slipway(application.folder(), "app", "deploy", "-d", "main").succeeded();
    assertThat(texts(application.get(name))).as(name).containsExactly("from a migration");
    JsonNode written = application.post(name, "{\"text\":\"from a workflow\"}");
    assertThat(written.path("workflow").asText()).as(name).isNotEmpty();
    assertThat(texts(application.get(name)))
        .as(name)
        .containsExactly("from a migration", "from a workflow");

    application.put(files.resolve("second"));
    platform.slipway(application.folder(), "app", "deploy").succeeded();
    assertThat(application.get(name).get(1).path("mood").asText()).as(name).isEqualTo("cheerful");

    platform.slipway(application.folder(), "app", "rollback").succeeded();
    assertThat(application.get(name).get(1).has("mood")).as(name).isFalse();
    assertThat(texts(application.get(name)))
        .as(name)
        .containsExactly("from a migration", "from a workflow");
  }

  private static List<String> texts(JsonNode rows) {
    List<String> texts = new ArrayList<>();
    rows.forEach(row -> texts.add(row.path("text").asText()));
    return texts;
  }
}
