package dev.slipway.cli.system;

import static dev.slipway.cli.system.SlowApplication.NAME;
import static dev.slipway.cli.system.SlowApplication.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.system.PlatformUnderTest.Result;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Workflows that are under way while their application is deployed: they end on the version on
/// which they began, also after a crash, and nothing is taken from below them.
@InTurn(3)
class ActiveWorkflowsIT {

  private static final String RENAMES =
      """
      exports.up = (knex) =>
        knex.schema.alterTable('notes', (table) => table.renameColumn('text', 'body'));
      exports.down = (knex) =>
        knex.schema.alterTable('notes', (table) => table.renameColumn('body', 'text'));
      """;

  private static final String TICKS =
      """
      DBOS.registerScheduled(
        DBOS.registerWorkflow(
          () => DBOS.runStep(() => database('notes').insert({ text: 'tick', version }), { name: 'tick' }),
          { name: 'tick' },
        ),
        { crontab: '* * * * * *' },
      );

      """;

  private static PlatformUnderTest platform;

  @BeforeAll
  static void start() throws Exception {
    platform = PlatformUnderTest.get();
  }

  @Test
  void whatTheyUseIsNotRenamedUnlessThatIsAllowed() throws Exception {
    Path mine = user("activebreak");
    SlowApplication slow = SlowApplication.copy(platform, mine, "activebreak");
    platform.slipway(mine, "app", "deploy", "-d", "main").succeeded();
    String first = slow.version();
    String workflow = slow.begin("under way");
    slow.example().write("migrations/002_body.js", RENAMES);

    Result refused = platform.slipway(mine, "app", "deploy");

    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err())
        .contains("column text of public.notes")
        .contains(workflow)
        .contains("--allow-breaking");
    assertThat(
            platform.slipway(mine, "app", "status", NAME, "--json").json().path("Status").asText())
        .isEqualTo("DEPLOY_FAILED");
    assertThat(slow.version()).isEqualTo(first);
    slow.go(slow.begin("still served"));
    await("it serves").until(() -> slow.notes().equals(List.of("still served by " + first)));

    platform.slipway(mine, "app", "deploy", "--allow-breaking").succeeded();

    assertThat(slow.version()).isGreaterThan(first);
    assertThat(slow.example().get(NAME).path("notes").get(0).path("body").asText())
        .isEqualTo("still served");
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
  }

  @Test
  void theyEndOnTheirVersionAndGoOnAfterACrash() throws Exception {
    Path mine = user("activedrain");
    SlowApplication slow = SlowApplication.copy(platform, mine, "activedrain");
    platform.slipway(mine, "app", "deploy", "-d", "main").succeeded();
    String first = slow.version();

    // Without the SDK's telemetry there is no admin port: it goes on by itself.
    String crashed = slow.begin("crashed");
    slow.crash();
    slow.go(crashed);
    await("it has gone on").until(() -> slow.notes().contains("crashed by " + first));

    String draining = slow.begin("drained");
    slow.example().put(SlowApplication.FILES.resolve("second"));
    platform.slipway(mine, "app", "deploy").succeeded();
    String second = slow.version();
    assertThat(second).isGreaterThan(first);
    assertThat(slow.executors().supervisors()).hasSize(2);
    slow.go(draining);
    await("it has ended where it began").until(() -> slow.notes().contains("drained by " + first));
    await("its executor ends").until(() -> slow.executors().supervisors().size() == 1);

    // With it, the platform asks another process to go on.
    String recovered = slow.begin("recovered");
    slow.crash();
    slow.go(recovered);
    await("it has gone on").until(() -> slow.notes().contains("recovered by " + second));
    assertThat(slow.notes())
        .containsExactly("crashed by " + first, "drained by " + first, "recovered by " + second);
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
  }

  /// Only executors of the version that enqueued a workflow take it from its queue, so the version
  /// runs on although nothing of it is PENDING.
  @Test
  void oneThatWaitsInAQueueKeepsItsVersionRunning() throws Exception {
    Path mine = user("activequeue");
    SlowApplication slow = SlowApplication.copy(platform, mine, "activequeue");
    platform.slipway(mine, "app", "deploy", "-d", "main").succeeded();
    String first = slow.version();
    slow.go(slow.enqueue("passed"));
    await("the first one passes").until(() -> slow.notes().contains("passed by " + first));
    String waiting = slow.enqueue("waited");

    slow.example().put(SlowApplication.FILES.resolve("second"));
    platform.slipway(mine, "app", "deploy").succeeded();

    assertThat(platform.slipway(mine, "app", "workflow", "queue", "list", "--json").json())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.path("workflow_id").asText()).isEqualTo(waiting);
              assertThat(it.path("status").asText()).isEqualTo("ENQUEUED");
            });
    assertThat(slow.executors().supervisors()).hasSize(2);
    assertThat(platform.slipway(mine, "app", "versions").succeeded().out())
        .containsPattern(first + ".* draining ");
    platform.slipway(mine, "app", "workflow", "cancel", "-w", waiting).succeeded();
    await("its executor ends").until(() -> slow.executors().supervisors().size() == 1);
    assertThat(platform.slipway(mine, "app", "versions").succeeded().out())
        .containsPattern(first + ".* kept ");
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
  }

  /// It is told so at its admin port. Of one moment there is one scheduled workflow, whoever begins
  /// it first, so a version that went on would get about half of them.
  @Test
  void aVersionThatDrainsBeginsNothingOnScheduleAnyMore() throws Exception {
    Path mine = user("activeticks");
    SlowApplication slow = SlowApplication.copy(platform, mine, "activeticks");
    slow.example().put(SlowApplication.FILES.resolve("second"));
    slow.example().replace("main.js", "async function answer(", TICKS + "async function answer(");
    platform.slipway(mine, "app", "deploy", "-d", "main").succeeded();
    String first = slow.version();
    await("it ticks").until(() -> slow.notes().contains("tick by " + first));
    String waiting = slow.begin("drained");

    slow.example().write("CHANGED", "so that it is another version");
    platform.slipway(mine, "app", "deploy").succeeded();
    String second = slow.version();
    assertThat(slow.executors().supervisors()).hasSize(2);
    int before = slow.notes().size();

    await("the second one ticks").until(() -> slow.notes().size() >= before + 8);
    assertThat(slow.notes().subList(before, slow.notes().size())).containsOnly("tick by " + second);
    slow.go(waiting);
    await("what it had goes on").until(() -> slow.notes().contains("drained by " + first));
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
  }

  private static Path user(String name) throws Exception {
    Path mine = platform.user(name);
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    return mine;
  }
}
