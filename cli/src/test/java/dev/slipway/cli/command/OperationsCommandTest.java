package dev.slipway.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.api.FakePlatform;
import dev.slipway.cli.api.FakePlatform.Reply;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// What `ops list` and `ops show` ask, and what they make of the answer.
class OperationsCommandTest {

  private static final String OPERATIONS = "/v1alpha1/acme/operations";

  @TempDir private Path folder;

  @RegisterExtension private static final FakePlatform platform = FakePlatform.started();

  private Shell shell;

  @BeforeEach
  void signIn() throws IOException {
    platform.signIn(folder, "acme");
    shell = new Shell(folder);
  }

  @Test
  void aListIsReadPageByPage() throws Exception {
    platform.answers(
        call ->
            call.line().contains("cursor=")
                ? new Reply(200, "[" + operation("dop_2", "") + "]", Map.of())
                : new Reply(
                    200, "[" + operation("dop_1", "") + "]", Map.of("Next-Cursor", "bmV4dA")));

    Shell.Result result = shell.run("ops", "list", "--json", "--limit", "300");

    assertThat(Json.MAPPER.readTree(result.out()).findValuesAsText("id"))
        .containsExactly("dop_1", "dop_2");
    assertThat(platform.lines())
        .containsExactly(
            "GET " + OPERATIONS + "?limit=200", "GET " + OPERATIONS + "?limit=200&cursor=bmV4dA");
  }

  @Test
  void filtersAreAskedForAndWhatIsLeftOutIsSaid() {
    platform.answers(
        call ->
            new Reply(200, "[" + operation("dop_1", "") + "]", Map.of("Next-Cursor", "bmV4dA")));

    Shell.Result result =
        shell.run(
            "ops",
            "list",
            "--kind",
            "application.deploy",
            "--outcome",
            "undone",
            "--since",
            "2026-03-01T10:00:00Z",
            "--limit",
            "1");

    assertThat(platform.lines())
        .containsExactly(
            "GET "
                + OPERATIONS
                + "?kind=application.deploy&outcome=undone&since=2026-03-01T10%3A00%3A00Z&limit=1");
    assertThat(result.out()).contains("dop_1");
    assertThat(result.err()).contains("There are more");
    assertThat(shell.run("ops", "list", "--since", "yesterday").exitCode()).isEqualTo(2);
    assertThat(shell.run("ops", "list", "--limit", "0").exitCode()).isEqualTo(2);
  }

  @Test
  void aListThatLacksTheOperationsOfAServiceSaysSoBesideIt() throws Exception {
    platform.answers(
        call ->
            new Reply(
                200,
                "[" + operation("dop_1", "") + "]",
                Map.of(
                    "Warning",
                    "199 slipway \"instance-service did not answer, operations are missing\"")));

    Shell.Result text = shell.run("ops", "list");
    Shell.Result json = shell.run("ops", "list", "--json");

    assertThat(json.json().findValuesAsText("id")).containsExactly("dop_1");
    assertThat(List.of(text.err(), json.err()))
        .allMatch(it -> it.contains("not complete: instance-service did not answer"));
    assertThat(text.out()).contains("dop_1").doesNotContain("did not answer");
  }

  @Test
  void oneThatRunsSaysWhatIsUsualAndWhatItWaitsFor() {
    String more =
        """
        ,"waitingFor":"reply from instance-service to `databases.ensure` (iop_1), sent 4 s ago",
        "usualMillis":1200,"expectedEndAt":"%s"
        """
            .formatted(Instant.now().plusSeconds(30));
    platform.answers(call -> Reply.of(200, operation("dop_1", more)));

    Shell.Result result = shell.run("ops", "show", "dop_1");

    assertThat(result.out())
        .contains("usually 1.2 s")
        .containsPattern("Expected +to end at \\d\\d:\\d\\d:\\d\\d, in [0-9.]+ s")
        .contains("Waiting for reply from instance-service to `databases.ensure`")
        .containsPattern("build +running +900 ms +800 ms +3× +webpack 40 %");
  }

  @Test
  void whatAStepHasWrittenLastIsShownWhileItRuns() {
    Deque<String> known = new ArrayDeque<>(List.of(operation("dop_1", "")));
    String ended = operation("dop_1", ",\"phase\":\"ended\",\"outcome\":\"succeeded\"");
    platform.answers(
        call ->
            call.line().contains("/events")
                ? Reply.of(404, "{}")
                : Reply.of(200, known.isEmpty() ? ended : known.removeFirst()));

    Shell.Result result = shell.onTerminal().run("ops", "watch", "dop_1");

    assertThat(result.err()).contains("… build        webpack 40 %").contains("dop_1 succeeded");
  }

  private static String operation(String id, String more) {
    return """
    {"id":"%s","kind":"application.deploy","subject":"app_1","subjectName":"shop","phase":"running",
     "requestedBy":"ann","createdAt":"2026-03-01T10:00:00Z","version":7,
     "steps":[{"name":"build","state":"running","attempts":3,"millis":900,"usualMillis":800,
               "message":"again","output":"webpack 40 %%"}]%s}
    """
        .formatted(id, more);
  }
}
