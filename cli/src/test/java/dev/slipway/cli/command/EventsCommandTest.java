package dev.slipway.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.api.FakePlatform;
import dev.slipway.cli.api.FakePlatform.Reply;
import dev.slipway.cli.api.Told;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// `slipway events`, `slipway why`, and `slipway ops watch`, on events that are made up.
class EventsCommandTest {

  private static final String DEPLOY = "application.deploy";

  @TempDir private Path folder;

  @RegisterExtension private static final FakePlatform platform = FakePlatform.started();
  private Shell shell;

  @BeforeEach
  void signIn() throws IOException {
    platform.signIn(folder, "acme");
    shell = new Shell(folder);
  }

  @Test
  void aListIsALineForEachEvent() {
    platform.answers(call -> Reply.of(200, failedDeploy().lines()));

    Shell.Result result =
        shell.run("events", "--kind", DEPLOY, "--subject", "shop", "--after", "7");

    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(platform.lines())
        .containsExactly("GET /v1alpha1/acme/events?after=7&kind=application.deploy&subject=shop");
    assertThat(result.out().lines().map(line -> line.substring(21)).toList())
        .containsExactly(
            "shop              application.deploy began, for demo (dop_1)",
            "db                databases.ensure began, asked by dop_1 (iop_2)",
            "db                databases.ensure succeeded (iop_2)",
            "shop              application.deploy: migrate failed in 1.2 s: no table",
            "shop              application.deploy: unpack undone in 1.2 s",
            "shop              application.deploy was undone: no table (dop_1)");
  }

  @Test
  void asJsonItIsTheEventsThemselves() throws Exception {
    platform.answers(call -> Reply.of(200, failedDeploy().lines()));

    Shell.Result result = shell.run("events", "--json");

    assertThat(result.out()).isEqualTo(failedDeploy().lines());
  }

  @Test
  void followingEndsWithTheReason() {
    platform.answers(
        call -> Reply.of(410, "{\"message\":\"no longer kept\",\"code\":\"events-gone\"}"));

    Shell.Result result = shell.run("events", "--follow", "--after", "3");

    assertThat(result.exitCode()).isOne();
    assertThat(result.err()).contains("no longer kept");
  }

  @Test
  void whyIsTheChainOverTheServices() {
    platform.answers(call -> Reply.of(200, failedDeploy().lines()));

    Shell.Result result = shell.run("why", "iop_2");

    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out().replaceAll("[0-9]+ days ago", "long ago").lines().toList())
        .containsExactly(
            "application.deploy of shop was undone long ago, for demo  (dop_1)",
            "├─ ✗ step migrate failed after 1.2 s: no table",
            "├─ undone: unpack",
            "└─ databases.ensure of db succeeded long ago  (iop_2)  ←",
            "Next: Mend that, then type `slipway app deploy` again; see `slipway app logs shop`.");
    assertThat(platform.lines())
        .contains(
            "GET /v1alpha1/acme/events?operation=iop_2",
            "GET /v1alpha1/acme/events?operation=dop_1");
  }

  @Test
  void whatIsToBeTypedAgainCanBeTyped() throws Exception {
    Told told =
        new Told()
            .begun("iop_1", "instance.provision", "ins_main")
            .ended("iop_1", "instance.provision", "ins_main", "UNDONE", "no room", null);
    platform.answers(call -> Reply.of(200, told.lines()));

    assertThat(shell.run("why", "iop_1").out())
        .containsPattern("type `slipway db provision \\w+ -U USER` again");
  }

  @Test
  void whyOfASubjectIsItsLastOperationAndWhatThatTookOverFrom() throws Exception {
    Told told =
        new Told()
            .begun("iop_1", "instance.provision", "ins_main")
            .ended(
                "iop_1", "instance.provision", "ins_main", "SUPERSEDED", "iop_2 took over", "iop_2")
            .begun("iop_2", "instance.destroy", "ins_main")
            .ended("iop_2", "instance.destroy", "ins_main", "SUCCEEDED", null, null);
    platform.answers(
        call ->
            Reply.of(
                200,
                call.line().contains("type=operation.begun")
                    ? told.lines()
                        .lines()
                        .filter(it -> it.contains(".begun."))
                        .reduce("", (a, b) -> a + b + "\n")
                    : told.lines()));

    Shell.Result result = shell.run("why", "main");

    assertThat(result.out().replaceAll("[0-9]+ days ago", "long ago").lines().toList())
        .containsExactly(
            "instance.destroy of main succeeded long ago, for demo  (iop_2)",
            "It took over from",
            "  instance.provision of main was superseded long ago, for demo  (iop_1)",
            "  └─ because: iop_2 took over (it-failed)",
            "Next: nothing, it is as it was asked for.");
    assertThat(shell.run("why", "iop_1").out())
        .contains("It was taken over by\n  instance.destroy of main succeeded")
        .endsWith("Next: `slipway why iop_2`.\n");
    var json = Json.MAPPER.readTree(shell.run("why", "iop_1", "--json").out());
    assertThat(json.path("chain").path("id").asText()).isEqualTo("iop_1");
    assertThat(json.path("supersededBy").path("kind").asText()).isEqualTo("instance.destroy");
  }

  @Test
  void nothingKnownIsSaid() {
    platform.answers(call -> Reply.of(200, ""));

    Shell.Result result = shell.run("why", "main");

    assertThat(result.exitCode()).isOne();
    assertThat(result.err()).contains("no operation on main is known").contains("slipway ops list");
  }

  @Test
  void anOperationIsWatchedByItsEvents() {
    Told told =
        new Told()
            .begun("iop_1", "instance.provision", "ins_main")
            .step("iop_1", "instance.provision", "ins_main", "create", "do", "done", null)
            .ended("iop_1", "instance.provision", "ins_main", "SUCCEEDED", null, null);
    var looked = new int[1];
    platform.answers(
        call -> {
          if (call.line().startsWith("GET /v1alpha1/acme/events?operation=iop_1")) {
            var stream = new StringBuilder();
            told.lines().lines().forEach(it -> stream.append("data: ").append(it).append("\n\n"));
            return Reply.of(200, stream.toString());
          }
          return Reply.of(200, operation(looked[0]++ == 0));
        });

    Shell.Result result = shell.run("ops", "watch", "iop_1");

    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.err().lines().map(String::stripTrailing).toList())
        .containsSubsequence("  ✓ create          1.2 s", "  ✓ start           10 ms");
    assertThat(result.err().lines().filter(line -> line.contains("create"))).hasSize(1);
    // Once to begin with, and once when it had ended.
    assertThat(looked[0]).isEqualTo(2);
  }

  private static Told failedDeploy() {
    return new Told()
        .begun("dop_1", DEPLOY, "app_shop")
        .begun("iop_2", "databases.ensure", "dbs_db", "dop_1")
        .ended("iop_2", "databases.ensure", "dbs_db", "SUCCEEDED", null, null)
        .step("dop_1", DEPLOY, "app_shop", "migrate", "do", "failed", "no table")
        .step("dop_1", DEPLOY, "app_shop", "unpack", "undo", "done", null)
        .ended("dop_1", DEPLOY, "app_shop", "UNDONE", "no table", null);
  }

  private static String operation(boolean begun) {
    return """
        {"id":"iop_1","kind":"instance.provision","subject":"ins_main","subjectName":"main",
         "phase":"%s","outcome":%s,"requestedBy":"demo","version":1,
         "steps":[{"name":"create","state":"%s"},{"name":"start","state":"%s","millis":10}]}"""
        .formatted(
            begun ? "running" : "ended",
            begun ? "null" : "\"succeeded\"",
            begun ? "running" : "done",
            begun ? "pending" : "done");
  }
}
