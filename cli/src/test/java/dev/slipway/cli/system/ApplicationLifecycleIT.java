package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.system.PlatformUnderTest.Result;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

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

  /// Each instance has a database of the application's, with a schema of its own.
  @Test
  void anApplicationThatMovesBackIsRolledBackToWhatWasDeployedThere() throws Exception {
    Path mine = user("appmoves");
    Example guestbook = Example.copy(platform, mine, "appmoves", "guestbook");
    slipway(mine, "app", "deploy", "-d", "main");
    guestbook.post("guestbook", "{\"name\":\"Eva\",\"message\":\"Hello\"}");
    String first = status(mine, "guestbook").path("Version").asText();
    guestbook.put(mine.resolve("demo-second-version"));
    slipway(mine, "app", "deploy");
    slipway(mine, "db", "provision", "second", "-U", "owner_1", "--generate-password");
    slipway(mine, "app", "change-database-instance", "-d", "second");
    assertThat(guestbook.get("guestbook")).as("begins anew").hasSize(2);
    String elsewhere = status(mine, "guestbook").path("Version").asText();

    slipway(mine, "app", "change-database-instance", "-d", "main");

    assertThat(guestbook.get("guestbook")).hasSize(3);
    assertThat(guestbook.get("guestbook").get(0).has("mood")).isTrue();
    Result unknown = platform.slipway(mine, "app", "rollback", "--to", elsewhere);
    assertThat(unknown.exitCode()).isEqualTo(1);
    assertThat(unknown.err()).contains("is not known to have been that of version " + elsewhere);
    slipway(mine, "app", "rollback", "--to", first);
    assertThat(guestbook.get("guestbook")).hasSize(3);
    assertThat(guestbook.get("guestbook").get(0).has("mood")).isFalse();
    guestbook.put(mine.resolve("demo-second-version"));
    slipway(mine, "app", "deploy");
    assertThat(guestbook.get("guestbook").get(0).has("mood")).isTrue();
    slipway(mine, "app", "delete", "--dropdb", "--yes");
    slipway(mine, "db", "destroy", "second", "--yes");
    slipway(mine, "db", "destroy", "main", "--yes");
  }

  /// It is one of the platform's here, which as somebody's own is reached like any other.
  @Test
  void anApplicationOnAServerOfOnesOwnIsDeployedChangedAndRolledBack() throws Exception {
    Path mine = user("applinked");
    Example guestbook = Example.copy(platform, mine, "applinked", "guestbook");
    URI server = URI.create(slipway(mine, "db", "url", "main", "-S").out().strip());
    String password = server.getUserInfo().split(":", 2)[1];
    platform
        .slipwayWith(
            mine,
            password + "\n",
            "db",
            "link",
            "own",
            "-H",
            "localhost",
            "-p",
            Integer.toString(server.getPort()),
            "-U",
            "owner_1",
            "--password-stdin")
        .succeeded();

    slipway(mine, "app", "deploy", "-d", "own");
    guestbook.post("guestbook", "{\"name\":\"Eva\",\"message\":\"Hello\"}");
    guestbook.put(mine.resolve("demo-second-version"));
    slipway(mine, "app", "deploy");
    assertThat(guestbook.get("guestbook").get(0).has("mood")).isTrue();
    slipway(mine, "app", "rollback");

    assertThat(guestbook.get("guestbook")).hasSize(3);
    assertThat(guestbook.get("guestbook").get(0).has("mood")).isFalse();
    assertThat(platform.slipway(mine, "db", "unlink", "own").exitCode()).isNotZero();
    slipway(mine, "app", "delete", "--dropdb", "--yes");
    slipway(mine, "db", "unlink", "own");
    slipway(mine, "db", "destroy", "main", "--yes");
  }

  @Test
  @ResourceLock("orphans")
  void aPlantedOrphanGoesToTheTrashAndAnApplicationOfSomebodysServesOn() throws Exception {
    Path mine = user("apporphan");
    Example plain = Example.copy(platform, mine, "apporphan", "plain-node");
    slipway(mine, "app", "deploy", "-d", "main");
    String owned = plain.id("plain-node");
    Path applications = platform.home().resolve("data/applications").toRealPath();
    String orphan = "app_" + UUID.randomUUID().toString().replace("-", "").substring(0, 26);
    Path version = Files.createDirectories(applications.resolve(orphan).resolve("versions/17/app"));
    Files.writeString(version.resolve("kept.txt"), "somebody's");
    Process process =
        new ProcessBuilder("sh", "-c", "sleep 600", applications.resolve(orphan) + "/runs/17.build")
            .start();
    try {
      JsonNode listed = orphans("list").path("applications").path("found");
      assertThat(listed.findValuesAsText("application")).contains(orphan).doesNotContain(owned);
      assertThat(
              listed
                  .valueStream()
                  .filter(one -> one.path("application").asText().equals(orphan))
                  .map(one -> one.path("kind").asText()))
          .contains("directory");

      JsonNode cleaned = orphans("clean", "--yes");

      assertThat(process.waitFor(PlatformUnderTest.PATIENCE)).isTrue();
      assertThat(applications.resolve(orphan)).doesNotExist();
      Path trash =
          cleaned
              .valueStream()
              .filter(one -> one.path("subject").asText().equals(orphan))
              .map(one -> Path.of(one.path("trash").asText()))
              .findFirst()
              .orElseThrow();
      assertThat(trash.resolve("versions/17/app/kept.txt")).hasContent("somebody's");
      assertThat(orphans("clean", "--yes").findValuesAsText("subject")).doesNotContain(orphan);
      assertThat(plain.get("plain-node")).isNotEmpty();
    } finally {
      process.destroyForcibly();
    }
    slipway(mine, "db", "destroy", "main", "--yes", "--force");
  }

  @Test
  void theReceiptOfADeleteNamesItsDatabasesAndTheyAreReallyGone() throws Exception {
    Path mine = user("appreceipt");
    Example plain = Example.copy(platform, mine, "appreceipt", "plain-node");
    slipway(mine, "app", "deploy", "-d", "main");
    String id = plain.id("plain-node");
    assertThat(databasesAndRoles(mine)).contains("plain_node", "plain_node_dbos_sys");

    JsonNode receipt =
        slipway(mine, "app", "delete", "--dropdb", "--yes", "--json").json().path("receipt");

    assertThat(receipt.findValuesAsText("kind"))
        .contains("directory", "process", "port", "role")
        .filteredOn("database"::equals)
        .hasSize(2);
    assertThat(receipt.findValuesAsText("state")).containsOnly("gone");
    assertThat(receipt.findValuesAsText("proof"))
        .hasSameSizeAs(receipt.findValuesAsText("state"))
        .doesNotContain("", "null");
    assertThat(databasesAndRoles(mine)).doesNotContain("plain_node", "plain_node_dbos_sys");
    assertThat(platform.home().resolve("data/applications").resolve(id)).doesNotExist();
    assertThat(ProcessHandle.allProcesses())
        .noneMatch(process -> process.info().commandLine().orElse("").contains(id));
    slipway(mine, "db", "destroy", "main", "--yes");
  }

  private static JsonNode orphans(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("orphans"));
    all.addAll(List.of(arguments));
    all.add("--json");
    return slipway(platform.home(), all.toArray(String[]::new)).json();
  }

  /// As the instance itself says.
  private static List<String> databasesAndRoles(Path mine) throws Exception {
    URI url = URI.create(slipway(mine, "db", "url", "main", "-S").out().strip());
    String[] who = url.getUserInfo().split(":", 2);
    List<String> names = new ArrayList<>();
    try (Connection connection =
            DriverManager.getConnection(
                "jdbc:postgresql://%s:%d/postgres?%s"
                    .formatted(url.getHost(), url.getPort(), url.getQuery()),
                who[0],
                who[1]);
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "select datname from pg_database union all select rolname from pg_roles")) {
      while (rows.next()) {
        names.add(rows.getString(1));
      }
    }
    return names;
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
