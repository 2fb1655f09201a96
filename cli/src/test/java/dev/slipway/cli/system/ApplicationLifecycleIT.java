package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.system.PlatformUnderTest.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// An application from its first deploy to its end, and what happens when a deploy fails.
class ApplicationLifecycleIT {

  private static PlatformUnderTest platform;

  @BeforeAll
  static void start() throws Exception {
    platform = PlatformUnderTest.get();
  }

  @Test
  void theGuestbookIsDeployedChangedRolledBackAndDeleted() throws Exception {
    Path mine = user("applife");
    Example guestbook = Example.copy(platform, mine, "applife", "guestbook");

    assertThat(slipway(mine, "app", "deploy", "-d", "main").out())
        .contains(guestbook.url("guestbook"));
    assertThat(guestbook.get("guestbook")).hasSize(2);
    guestbook.post("guestbook", "{\"name\":\"Eva\",\"message\":\"Hello\"}");
    assertThat(guestbook.get("guestbook")).hasSize(3);
    String first = status(mine, "guestbook").path("Version").asText();

    guestbook.put(mine.resolve("demo-second-version"));
    JsonNode deployed = slipway(mine, "app", "deploy", "--json").json();
    assertThat(deployed.path("ApplicationVersion").asText()).isGreaterThan(first);
    assertThat(deployed.path("operation").path("outcome").asText())
        .isEqualToIgnoringCase("succeeded");
    assertThat(guestbook.get("guestbook").get(2).path("mood").asText()).isEqualTo("cheerful");
    assertThat(slipway(mine, "app", "versions", "--json").json()).hasSize(2);
    assertThat(slipway(mine, "app", "versions", "--output", "migrate").out())
        .contains("Batch 2 run: 1 migrations");

    assertThat(slipway(mine, "app", "rollback", "--dry-run").out())
        .contains(deployed.path("ApplicationVersion").asText())
        .contains(first);
    assertThat(guestbook.get("guestbook").get(0).has("mood")).isTrue();
    slipway(mine, "app", "rollback");
    assertThat(status(mine, "guestbook").path("Version").asText()).isEqualTo(first);
    assertThat(guestbook.get("guestbook")).hasSize(3);
    assertThat(guestbook.get("guestbook").get(0).has("mood")).isFalse();

    assertThat(slipway(mine, "app", "logs").out()).contains("The guestbook listens on port");
    Result used = platform.slipway(mine, "db", "destroy", "main", "--yes");
    assertThat(used.exitCode()).isEqualTo(1);
    assertThat(used.err()).contains("is used by guestbook");
    slipway(mine, "db", "destroy", "main", "--yes", "--force");
    assertThat(slipway(mine, "app", "list", "--json").json()).isEmpty();
  }

  @Test
  void theOthersAreDeployedAndRolledBackToo() throws Exception {
    Path mine = user("appothers");
    for (String name : new String[] {"plain-node", "guestbook-typeorm"}) {
      Example example =
          Example.copy(platform, platform.workFolder("appothers/" + name), "appothers", name);
      slipway(mine, "db", "list");
      slipwayIn(mine, example, "app", "deploy", "-d", "main");
      assertThat(example.get(name)).isNotEmpty();
      example.write("CHANGED", "the same database, other code");
      slipwayIn(mine, example, "app", "deploy");
      slipwayIn(mine, example, "app", "rollback");
      assertThat(example.get(name)).isNotEmpty();
      slipwayIn(mine, example, "app", "delete", "--dropdb", "--yes");
    }
    slipway(mine, "db", "destroy", "main", "--yes");
  }

  @Test
  void whateverFailsTheOldVersionServesAndTheReasonIsSaid() throws Exception {
    Path mine = user("appfail");
    Example guestbook = Example.copy(platform, mine, "appfail", "guestbook");
    slipway(mine, "app", "deploy", "-d", "main");
    String serving = status(mine, "guestbook").path("Version").asText();

    guestbook.replace("package.json", "\"^8.16.0\"", "\"^99.0.0\"");
    refused(guestbook, "install failed", "npm");
    guestbook.put(Path.of("..", "examples", "guestbook"));

    guestbook.replace(
        "package.json", "\"start\": \"node main.js\"", "\"build\": \"echo no-compiler; exit 3\"");
    refused(guestbook, "build failed (exit status 3)", "no-compiler");
    guestbook.put(Path.of("..", "examples", "guestbook"));

    String migration = "migrations/20260301000000_broken.js";
    guestbook.write(
        migration,
        """
        export const up = (knex) => knex.raw('select no_such_column');
        export const down = () => undefined;
        """);
    refused(guestbook, "migrate failed", "no_such_column");
    guestbook.write(
        migration,
        """
        export const up = async () => {};
        export const down = async () => {};
        """);

    guestbook.replace("dbos-config.yaml", "    - node main.js", "    - node missing.js");
    refused(guestbook, "while it came up", "missing.js");
    assertThat(status(mine, "guestbook").path("Version").asText()).isEqualTo(serving);
    guestbook.replace("dbos-config.yaml", "    - node missing.js", "    - node main.js");
    slipway(mine, "app", "deploy");
    assertThat(status(mine, "guestbook").path("Version").asText()).isGreaterThan(serving);
    slipway(mine, "db", "destroy", "main", "--yes", "--force");
  }

  @Test
  void aVariableReachesTheApplicationWithTheNextDeployAndIsNeverShown() throws Exception {
    Path mine = user("appenv");
    Example guestbook = Example.copy(platform, mine, "appenv", "guestbook");
    slipway(mine, "app", "register", "-d", "main");
    platform
        .slipwayWith(
            mine, "sesame-open-4711", "app", "env", "create", "-s", "GREETING", "--value-stdin")
        .succeeded();
    assertThat(slipway(mine, "app", "env", "list", "--json").json().toString())
        .isEqualTo("[\"GREETING\"]");
    guestbook.replace(
        "main.js",
        "import { page }",
        "console.log(`length ${process.env.GREETING?.length}, ${process.env.GREETING}`);\n"
            + "import { page }");

    slipway(mine, "app", "deploy");

    assertThat(slipway(mine, "app", "logs").out())
        .contains("length 16")
        .doesNotContain("sesame-open-4711");
    slipway(mine, "app", "env", "delete", "-s", "GREETING");
    assertThat(slipway(mine, "app", "env", "list", "--json").json()).isEmpty();
    slipway(mine, "db", "destroy", "main", "--yes", "--force");
  }

  @Test
  void theDemonstrationShowsItAllTwice() throws Exception {
    Path folder = platform.workFolder("demo");
    for (int run = 1; run <= 2; run++) {
      JsonNode shown = platform.slipway(folder, "demo", "--json").succeeded().json();
      JsonNode application = shown.path("application");
      assertThat(application.path("first").get(0).has("mood")).isFalse();
      assertThat(application.path("second").get(0).has("mood")).isTrue();
      assertThat(application.path("afterRollback").get(0).has("mood")).isFalse();
      assertThat(application.path("columnsAfterRollback").toString()).doesNotContain("mood");
    }
  }

  private static void refused(Example example, String reason, String output) throws Exception {
    Result result = platform.slipway(example.folder(), "app", "deploy");
    assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
    assertThat(result.err()).contains(reason).contains(output);
    assertThat(example.get("guestbook")).hasSize(2);
  }

  private static Path user(String name) throws Exception {
    Path mine = platform.user(name);
    slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password");
    return mine;
  }

  private static JsonNode status(Path mine, String application) throws Exception {
    return slipway(mine, "app", "status", application, "--json").json();
  }

  private static Result slipway(Path directory, String... arguments) throws Exception {
    return platform.slipway(directory, arguments).succeeded();
  }

  /// As the one who is signed in in another folder.
  private static Result slipwayIn(Path mine, Example example, String... arguments)
      throws Exception {
    Path credentials = example.folder().resolve(".dbos/credentials");
    Files.createDirectories(credentials.resolveSibling("."));
    Files.copy(mine.resolve(".dbos/credentials"), credentials, StandardCopyOption.REPLACE_EXISTING);
    return slipway(example.folder(), arguments);
  }
}
