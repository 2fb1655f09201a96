package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// Applications on each published line of the SDK that differs in what it needs, with each tool for
/// migrations, with a lock file and without: deployed, changed, rolled back, with a workflow in
/// between.
///
/// All answer with the rows of a table, of which the first comes from a migration; the second
/// version adds a column. Several are deployed at the same time, so that the platform's limits
/// decide how many install at once.
///
/// The whole table takes a quarter of an hour, so a run has those that differ most from each other,
/// and one of the rest, another one each day. `-Dslipway.sdk-lines=all` has the whole table, and
/// `-Dslipway.sdk-lines=knex-1,drizzle-4:unlocked` has those; `-Dslipway.sdk-lines.seed=N` chooses
/// as on another day. What was deployed, and how long it took, is printed.
@InTurn(1)
class SdkLinesIT {

  private static final int TOGETHER = 4;

  /// One application of the table.
  ///
  /// @param locked whether it is deployed with a lock file
  private record Line(String name, boolean locked) {

    static Line of(String text) {
      return new Line(text.replace(":unlocked", ""), !text.endsWith(":unlocked"));
    }

    @Override
    public String toString() {
      return locked ? name : name + ":unlocked";
    }
  }

  private static final List<Line> USUAL =
      List.of(
          // Built, and pruned of what built it; served by the SDK itself; Yarn, from version 2 on.
          Line.of("typeorm-1"),
          // pnpm; the tool for migrations is needed for nothing else and pruned after.
          Line.of("drizzle-2"),
          // Out of the cloud, since it has no telemetry: it must find its system database anyway.
          Line.of("knex-4"),
          // In the cloud.
          Line.of("drizzle-4:unlocked"));

  @Test
  void everyLineIsDeployedChangedAndRolledBack() throws Exception {
    PlatformUnderTest platform = PlatformUnderTest.get();
    Path mine = platform.user("sdklines");
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    Map<Line, Future<Duration>> running = new LinkedHashMap<>();
    List<String> table = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    try (ExecutorService together = Executors.newFixedThreadPool(TOGETHER)) {
      for (Line line : chosen()) {
        running.put(line, together.submit(() -> goThrough(platform, mine, line)));
      }
      for (Map.Entry<Line, Future<Duration>> entry : running.entrySet()) {
        try {
          table.add("%-20s %d s".formatted(entry.getKey(), entry.getValue().get().toSeconds()));
        } catch (ExecutionException failed) {
          table.add("%-20s failed: %s".formatted(entry.getKey(), failed.getCause()));
          failures.add(failed.getCause());
        }
      }
    }
    System.out.println(String.join("\n", table));
    assertThat(failures).isEmpty();
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
  }

  private static List<Line> all() {
    List<Line> all = new ArrayList<>();
    for (String tool : List.of("knex", "typeorm", "drizzle")) {
      for (int sdk : List.of(1, 2, 4)) {
        all.add(Line.of(tool + '-' + sdk));
        all.add(Line.of(tool + '-' + sdk + ":unlocked"));
      }
    }
    return all;
  }

  private static List<Line> chosen() {
    String asked = System.getProperty("slipway.sdk-lines", "");
    if (asked.equals("all")) {
      return all();
    }
    if (!asked.isEmpty()) {
      return List.of(asked.split(",", -1)).stream().map(Line::of).toList();
    }
    List<Line> rest = new ArrayList<>(all());
    rest.removeAll(USUAL);
    long seed = Long.getLong("slipway.sdk-lines.seed", LocalDate.now(ZoneOffset.UTC).toEpochDay());
    List<Line> chosen = new ArrayList<>(USUAL);
    chosen.add(rest.get(new Random(seed).nextInt(rest.size())));
    return chosen;
  }

  private static Duration goThrough(PlatformUnderTest platform, Path mine, Line line)
      throws Exception {
    long begun = System.nanoTime();
    String name = line.name();
    // Both forms of one application are two applications.
    String deployed = line.locked() ? name : name + "-free";
    Path files = Path.of("src/test/resources/applications", name).toAbsolutePath();
    Example application =
        Example.of(
            platform,
            platform.workFolder("sdklines-" + deployed),
            "sdklines",
            files.resolve("first"));
    application.signInAs(mine);
    lock(application.folder(), line.locked());

    slipway(platform, application, deployed, "app", "deploy", "-d", "main");
    assertThat(texts(application.get(deployed))).as(deployed).containsExactly("from a migration");
    JsonNode written = application.post(deployed, "{\"text\":\"from a workflow\"}");
    assertThat(written.path("workflow").asText()).as(deployed).isNotEmpty();
    assertThat(texts(application.get(deployed)))
        .as(deployed)
        .containsExactly("from a migration", "from a workflow");

    application.put(files.resolve("second"));
    slipway(platform, application, deployed, "app", "deploy");
    assertThat(application.get(deployed).get(1).path("mood").asText())
        .as(deployed)
        .isEqualTo("cheerful");

    slipway(platform, application, deployed, "app", "rollback");
    assertThat(application.get(deployed).get(1).has("mood")).as(deployed).isFalse();
    assertThat(texts(application.get(deployed)))
        .as(deployed)
        .containsExactly("from a migration", "from a workflow");
    // The next ones need the memory.
    slipway(platform, application, deployed, "app", "delete", "--dropdb", "--yes");
    return Duration.ofNanos(System.nanoTime() - begun);
  }

  /// Takes the lock file away, or has npm make one where the application came without.
  private static void lock(Path folder, boolean locked) throws Exception {
    boolean there = false;
    for (String file : List.of("package-lock.json", "yarn.lock", "pnpm-lock.yaml")) {
      there |=
          locked ? Files.exists(folder.resolve(file)) : Files.deleteIfExists(folder.resolve(file));
    }
    if (locked && !there) {
      PlatformUnderTest.run(
              folder,
              System.getenv(),
              "",
              List.of("npm", "install", "--package-lock-only", "--no-audit", "--no-fund"))
          .succeeded();
    }
  }

  private static void slipway(
      PlatformUnderTest platform, Example application, String name, String... arguments)
      throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add(2, name);
    platform.slipway(application.folder(), all.toArray(String[]::new)).succeeded();
  }

  private static List<String> texts(JsonNode rows) {
    List<String> texts = new ArrayList<>();
    rows.forEach(row -> texts.add(row.path("text").asText()));
    return texts;
  }
}
