package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.system.PlatformUnderTest.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// An application in Python with Alembic's migrations, in a virtual environment of its own.
///
/// Skipped where Python makes no virtual environment or reaches no index of packages, with the
/// reason: what can be installed on a machine is nothing the platform decides. Where both are
/// promised (`SLIPWAY_TEST_PYTHON=required`), it fails.
@InTurn(0)
class PythonIT {

  private static final String NAME = "alembic";
  static final Path FILES = Path.of("src/test/resources/applications", NAME).toAbsolutePath();

  /// Where the applications' own users find programs, and a Python that is in nobody's home.
  private static final String PATH = "/usr/local/bin:/usr/bin:/bin";

  /// How pip is told by a variable what a person's configuration says.
  private static final Map<String, String> INDEX =
      Map.of("index-url", "PIP_INDEX_URL", "extra-index-url", "PIP_EXTRA_INDEX_URL");

  private static PlatformUnderTest platform;

  @BeforeAll
  static void start() throws Exception {
    platform = PlatformUnderTest.get();
  }

  @Test
  void itIsInstalledMigratedServedAndRolledBack() throws Exception {
    Map<String, String> index = Pip.find(platform.workFolder("python-index")).variables();
    Path mine = platform.user("snakes");
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    Example application = Example.of(platform, mine, "snakes", FILES.resolve("first"));
    StringBuilder variables = new StringBuilder("env:\n");
    index.forEach((name, value) -> variables.append("  %s: '%s'\n".formatted(name, value)));
    if (!index.isEmpty()) {
      application.write(
          "dbos-config.yaml", Files.readString(mine.resolve("dbos-config.yaml")) + variables);
    }

    assertThat(goThrough(platform, mine, application)).endsWith("/.venv");
  }

  /// Deploys, deploys changed, rolls back, and destroys the instance.
  ///
  /// @return where Python says that its packages are
  static String goThrough(PlatformUnderTest platform, Path mine, Example application)
      throws Exception {
    platform.slipway(mine, "app", "deploy", "-d", "main").succeeded();
    String prefix = application.get(NAME).path("prefix").asText();
    application.post(NAME, "{\"text\":\"from a person\"}");
    assertThat(notes(application)).hasSize(2);

    application.put(FILES.resolve("second"));
    platform.slipway(mine, "app", "deploy").succeeded();
    assertThat(notes(application).get(1).path("mood").asText()).isEqualTo("cheerful");

    platform.slipway(mine, "app", "rollback").succeeded();
    assertThat(notes(application)).hasSize(2).noneMatch(note -> note.has("mood"));
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
    return prefix;
  }

  private static JsonNode notes(Example application) throws Exception {
    return application.get(NAME).path("notes");
  }

  /// A pip of this machine, with the variables by which it finds its packages here.
  record Pip(String program, Path folder, Map<String, String> variables) {

    /// Skips the test where there is none, or where it finds nothing.
    static Pip find(Path folder) throws Exception {
      Map<String, String> usual = new HashMap<>(System.getenv());
      usual.put("PATH", PATH);
      Result made =
          PlatformUnderTest.run(folder, usual, "", List.of("python3", "-m", "venv", "probe"));
      need(made, "python3 makes no virtual environment");
      String program = folder.resolve("probe/bin/pip").toString();
      Map<String, String> variables = new TreeMap<>();
      for (Map.Entry<String, String> setting : INDEX.entrySet()) {
        Result said =
            PlatformUnderTest.run(
                folder, usual, "", List.of(program, "config", "get", "global." + setting.getKey()));
        if (said.exitCode() == 0) {
          variables.put(setting.getValue(), said.out().strip());
        }
      }
      // What is only said beside the usual index is enough where that one is not reached.
      String more = variables.get("PIP_EXTRA_INDEX_URL");
      if (more != null && !variables.containsKey("PIP_INDEX_URL")) {
        variables.put("PIP_INDEX_URL", more.split("\\s+", -1)[0]);
      }
      Pip pip = new Pip(program, folder, variables);
      pip.download(folder.resolve("found"), "--no-deps", "alembic");
      return pip;
    }

    /// As an application will see it, without the files of whoever runs the tests.
    void download(Path into, String... what) throws Exception {
      Map<String, String> bare = new HashMap<>(variables);
      bare.put("PATH", PATH);
      bare.put("HOME", folder.toString());
      List<String> command =
          new ArrayList<>(
              List.of(
                  program,
                  "download",
                  "--no-input",
                  "--disable-pip-version-check",
                  "--retries=0",
                  "--dest",
                  into.toString()));
      command.addAll(List.of(what));
      need(
          PlatformUnderTest.run(folder, bare, "", command),
          "no index of Python's packages is reached");
    }
  }

  static void need(Result result, String otherwise) {
    if (result.exitCode() == 0) {
      return;
    }
    String why = otherwise + ": " + result.err();
    if ("required".equals(System.getenv("SLIPWAY_TEST_PYTHON"))) {
      Assertions.fail(why);
    }
    Assumptions.abort(why);
  }
}
