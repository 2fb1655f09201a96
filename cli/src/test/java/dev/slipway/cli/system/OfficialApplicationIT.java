package dev.slipway.cli.system;

import static dev.slipway.cli.system.SlowApplication.NAME;
import static dev.slipway.cli.system.SlowApplication.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.system.PlatformUnderTest.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Applications, as people handle them who come from the other side.
@InTurn(0)
class OfficialApplicationIT {

  private static PlatformUnderTest platform;
  private static OfficialCommand command;

  @BeforeAll
  static void start() throws Exception {
    platform = PlatformUnderTest.get();
    command = OfficialCommand.install(platform);
  }

  @Test
  void anApplicationFromItsFirstDeployToItsEnd() throws Exception {
    Path mine = user("offapp");
    Example guestbook = Example.copy(platform, mine, "offapp", "guestbook");

    // Nothing is registered: the command does that itself, on the only instance there is.
    Result deployed = run(mine, "app", "deploy");
    assertThat(deployed.out())
        .contains("Successfully registered guestbook!")
        .contains("Successfully deployed guestbook!")
        .contains(guestbook.url("guestbook"));
    assertThat(guestbook.get("guestbook")).hasSize(2);
    String first = version(mine);

    guestbook.put(mine.resolve("demo-second-version"));
    assertThat(run(mine, "app", "deploy").out()).contains("Successfully deployed guestbook!");
    assertThat(guestbook.get("guestbook").get(0).has("mood")).isTrue();
    String second = version(mine);
    assertThat(second).isGreaterThan(first);

    JsonNode versions = run(mine, "app", "versions", "--json").json();
    assertThat(versions).hasSize(2);
    assertThat(versions.findValuesAsText("Version")).contains(first, second);
    assertThat(run(mine, "app", "list", "--json").json().get(0).path("Name").asText())
        .isEqualTo("guestbook");
    assertThat(run(mine, "app", "list").out()).contains("AVAILABLE");
    assertThat(run(mine, "app", "status").out()).contains(second);
    assertThat(run(mine, "app", "logs").out()).contains("The guestbook listens on port");
    assertThat(run(mine, "app", "logs", "-l", "3600", "-p", "1").out())
        .contains("The guestbook listens on port");
    run(mine, "app", "update", "--executors-memory-mib", "600", "--min-executors", "1");
    assertThat(run(mine, "app", "status", "--json").json().path("ExecutorsMemoryMib").asInt())
        .isEqualTo(600);

    assertThat(run(mine, "app", "delete", "--dropdb").out())
        .contains("Successfully deleted application: guestbook");
    assertThat(run(mine, "app", "list", "--json").json()).isEmpty();
    run(mine, "db", "destroy", "main");
  }

  @Test
  void anEarlierVersionIsDeployedAgain() throws Exception {
    Path mine = user("offprev");
    Example guestbook = Example.copy(platform, mine, "offprev", "guestbook");
    run(mine, "app", "deploy");
    String first = version(mine);
    guestbook.replace("page.js", "<h1>Guestbook</h1>", "<h1>Visitors</h1>");
    run(mine, "app", "deploy");
    assertThat(version(mine)).isNotEqualTo(first);

    assertThat(run(mine, "app", "deploy", "-p", first).out())
        .contains("Restoring previous version " + first)
        .contains("Successfully deployed guestbook!");
    Result unknown = command.run(mine, "app", "deploy", "-p", "17");
    assertThat(unknown.exitCode()).isEqualTo(1);
    assertThat(unknown.out() + unknown.err()).contains("17").doesNotContain("status code");
    assertThat(guestbook.get("guestbook")).hasSize(2);
    end(mine);
  }

  @Test
  void anotherConfigurationIsAnotherApplication() throws Exception {
    Path mine = user("offconf");
    Example guestbook = Example.copy(platform, mine, "offconf", "guestbook");
    guestbook.write(
        "staging.yaml",
        Files.readString(mine.resolve("dbos-config.yaml"))
            .replace("name: guestbook", "name: ${STAGE}-book"));

    Result deployed =
        command
            .runWith(
                Map.of("STAGE", "early"),
                mine,
                "app",
                "deploy",
                // The command itself reads the name before it replaces variables.
                "early-book",
                "--configFile",
                "staging.yaml")
            .succeeded();

    assertThat(deployed.out()).contains("Successfully deployed early-book!");
    assertThat(guestbook.get("early-book")).hasSize(2);
    run(mine, "app", "delete", "early-book", "--dropdb");
    run(mine, "db", "destroy", "main");
  }

  @Test
  void aFailedMigrationIsPrintedAndTheOldVersionServes() throws Exception {
    Path mine = user("offfail");
    Example guestbook = Example.copy(platform, mine, "offfail", "guestbook");
    run(mine, "app", "deploy");
    String serving = version(mine);
    guestbook.write(
        "migrations/20260301000000_broken.js",
        """
        export const up = (knex) => knex.raw('select no_such_column');
        export const down = () => undefined;
        """);

    Result failed = command.run(mine, "app", "deploy");

    assertThat(failed.exitCode()).isEqualTo(1);
    assertThat(failed.out() + failed.err())
        .contains("Failed to deploy application guestbook")
        .contains("no_such_column");
    assertThat(guestbook.get("guestbook")).hasSize(2);
    assertThat(version(mine)).isEqualTo(serving);
    end(mine);
  }

  @Test
  void anApplicationMovesToAnotherInstance() throws Exception {
    Path mine = user("offmove");
    Example guestbook = Example.copy(platform, mine, "offmove", "guestbook");
    run(mine, "app", "register", "-d", "main");
    run(mine, "app", "deploy");
    guestbook.post("guestbook", "{\"name\":\"Eva\",\"message\":\"Hello\"}");
    run(mine, "db", "provision", "second", "-U", "owner_2", "-W", "Secret-123");

    run(mine, "app", "change-database-instance", "-d", "second");

    assertThat(run(mine, "app", "status", "--json").json().path("PostgresInstanceName").asText())
        .isEqualTo("second");
    // The data stays where it was.
    assertThat(guestbook.get("guestbook")).hasSize(2);
    run(mine, "app", "delete", "--dropdb");
    run(mine, "db", "destroy", "second");
    run(mine, "db", "destroy", "main");
  }

  @Test
  void variablesAreSetImportedListedAndRemoved() throws Exception {
    Path mine = user("offenv");
    Example guestbook = Example.copy(platform, mine, "offenv", "guestbook");
    run(mine, "app", "register", "-d", "main");
    guestbook.write(".env.import", "FIRST=one\nSECOND=\"${FIRST}-two\"\n");

    run(mine, "app", "env", "create", "-s", "THIRD", "-v", "three");
    run(mine, "app", "env", "import", "-d", ".env.import");
    assertThat(run(mine, "app", "env", "list").out()).contains("FIRST", "SECOND", "THIRD");
    run(mine, "app", "env", "delete", "-s", "FIRST");
    assertThat(run(mine, "app", "env", "list", "--json").out())
        .contains("SECOND")
        .doesNotContain("FIRST");
    Result reserved =
        command.run(mine, "app", "env", "create", "-s", "DBOS_DATABASE_URL", "-v", "x");
    assertThat(reserved.exitCode()).isEqualTo(1);
    assertThat(reserved.out() + reserved.err()).contains("reserved");
    end(mine);
  }

  @Test
  void workflowsAreListedCancelledResumedAndRestarted() throws Exception {
    Path mine = user("offflow");
    Example flow = new Example(platform, mine, "offflow");
    flow.write(
        "package.json",
        """
        {"name":"flow","version":"1.0.0","private":true,
         "dependencies":{"@dbos-inc/dbos-sdk":"2.10.24"}}
        """);
    flow.write(
        "dbos-config.yaml",
        """
        name: flow
        language: node
        runtimeConfig:
          start:
            - node main.js
        """);
    flow.write(
        "main.js",
        """
        const { createServer } = require('node:http');
        const { DBOS, WorkflowQueue } = require('@dbos-inc/dbos-sdk');

        const queue = new WorkflowQueue('patient', { concurrency: 1 });

        class Flow {
          static async wait() {
            await DBOS.sleep(600000);
            return 'done';
          }
        }
        const descriptor = Object.getOwnPropertyDescriptor(Flow, 'wait');
        DBOS.workflow()(Flow, 'wait', descriptor);
        Object.defineProperty(Flow, 'wait', descriptor);

        DBOS.launch().then(() => createServer(async (request, response) => {
          const queued = request.url === '/queued';
          const handle = await DBOS.startWorkflow(Flow, queued ? { queueName: queue.name } : {}).wait();
          response.end(JSON.stringify({ id: handle.workflowID }));
        }).listen(Number(process.env.PORT ?? 3000)));
        """);
    run(mine, "app", "deploy");
    String id = flow.get("flow").path("id").asText();

    JsonNode listed = list(mine, "workflow", "list", "flow");
    assertThat(listed.findValuesAsText("workflow_id")).contains(id);
    run(mine, "workflow", "cancel", "flow", "-w", id);
    assertThat(list(mine, "workflow", "list", "flow", "-S", "CANCELLED"))
        .extracting(it -> it.path("workflow_id").asText())
        .containsExactly(id);
    run(mine, "workflow", "resume", "flow", "-w", id);
    assertThat(list(mine, "workflow", "list", "flow", "-S", "CANCELLED")).isEmpty();
    run(mine, "workflow", "restart", "flow", "-w", id);
    assertThat(list(mine, "workflow", "list", "flow").size()).isGreaterThan(1);
    assertThat(list(mine, "workflow", "queue", "list", "flow")).isNotNull();
    run(mine, "app", "delete", "flow", "--dropdb");
    run(mine, "db", "destroy", "main");
  }

  /// Without its telemetry, the fourth SDK has no admin port at which it could be asked to recover:
  /// it takes what is to run from its own queue.
  @Test
  void workflowsAreResumedAndRestartedWhereThereIsNoAdminPort() throws Exception {
    Path mine = user("offflow4");
    SlowApplication slow = SlowApplication.copy(platform, mine, "offflow4");
    run(mine, "app", "deploy");
    String version = slow.version();
    String id = slow.begin("once");
    run(mine, "workflow", "cancel", NAME, "-w", id);
    assertThat(statuses(mine)).isEqualTo(Map.of(id, "CANCELLED"));
    // No process has anything of it in memory, and none recovers what is cancelled.
    slow.crash();
    slow.go(id);
    assertThat(statuses(mine)).isEqualTo(Map.of(id, "CANCELLED"));
    assertThat(slow.notes()).isEmpty();

    run(mine, "workflow", "resume", NAME, "-w", id);

    await("it has gone on").until(() -> slow.notes().equals(List.of("once by " + version)));
    await("it has ended").until(() -> statuses(mine).equals(Map.of(id, "SUCCESS")));

    run(mine, "workflow", "restart", NAME, "-w", id);

    Map<String, String> both = statuses(mine);
    assertThat(both).hasSize(2).containsEntry(id, "SUCCESS");
    String copy = both.keySet().stream().filter(it -> !it.equals(id)).findFirst().orElseThrow();
    slow.go(copy);
    await("the copy has ended")
        .until(() -> statuses(mine).equals(Map.of(id, "SUCCESS", copy, "SUCCESS")));
    assertThat(slow.notes()).containsExactly("once by " + version, "once by " + version);
    assertThat(list(mine, "workflow", "queue", "list", NAME)).isEmpty();
    run(mine, "app", "delete", NAME, "--dropdb");
    run(mine, "db", "destroy", "main");
  }

  /// Of the workflows that the application has begun itself; sending a message is one, too.
  private static Map<String, String> statuses(Path mine) throws Exception {
    Map<String, String> statuses = new TreeMap<>();
    for (JsonNode workflow : list(mine, "workflow", "list", NAME, "-n", "write")) {
      statuses.put(workflow.path("workflow_id").asText(), workflow.path("status").asText());
    }
    return statuses;
  }

  @Test
  void anOldCommandRollsBackByUploading() throws Exception {
    OfficialCommand old = OfficialCommand.install(platform, "2.6.19");
    Path mine = user("offold");
    Example guestbook = Example.copy(platform, mine, "offold", "guestbook");
    run(mine, "app", "deploy");
    guestbook.put(mine.resolve("demo-second-version"));
    run(mine, "app", "deploy");
    assertThat(guestbook.get("guestbook").get(0).has("mood")).isTrue();

    // The folder still has the migration that is undone; its code no longer asks for the column.
    guestbook.replace("entries.js", ", 'mood'", "");
    old.run(mine, "app", "rollback").succeeded();

    assertThat(guestbook.get("guestbook").get(0).has("mood")).isFalse();
    end(mine);
  }

  private static Path user(String name) throws Exception {
    Path mine = platform.user(name);
    command.run(mine, "db", "provision", "main", "-U", "owner_1", "-W", "Secret-123").succeeded();
    return mine;
  }

  private static void end(Path mine) throws Exception {
    run(mine, "app", "delete", "--dropdb");
    run(mine, "db", "destroy", "main");
  }

  private static String version(Path mine) throws Exception {
    return run(mine, "app", "status", "--json").json().path("Version").asText();
  }

  private static JsonNode list(Path mine, String... arguments) throws Exception {
    return Json.MAPPER.readTree(run(mine, arguments).out().strip());
  }

  private static Result run(Path mine, String... arguments) throws Exception {
    return command.run(mine, arguments).succeeded();
  }
}
