package dev.slipway.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChaosCommandTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "chaos",
        "chaos run --minutes 0",
        "chaos run --minutes NaN",
        "chaos run --minutes long",
        "chaos run --organizations 0",
        "chaos run --organizations 21",
        "chaos run --seed first",
        "chaos run --driver foo"
      })
  void whatIsCalledWronglyEndsWithTwoAndStartsNothing(String line) {
    Shell shell = new Shell(folder);

    assertThat(shell.run(line.split(" ", -1)).exitCode()).isEqualTo(2);
    assertThat(shell.home()).doesNotExist();
  }

  @Test
  void aFolderWithSomethingInItIsNotTakenForThePlatform() throws Exception {
    Path mine = Files.writeString(folder.resolve("mine.txt"), "mine");

    Shell.Result result = new Shell(folder).run("chaos", "run", "--home", folder.toString());

    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("is not empty");
    assertThat(mine).hasContent("mine");
  }

  @Test
  void aFileThatIsNoReportIsRefusedBeforeTheRun() throws Exception {
    Path mine = Files.writeString(folder.resolve("README.md"), "# Mine\n");

    Shell.Result result = refused("README.md");

    assertThat(result.err()).contains("is no page of runs");
    assertThat(mine).hasContent("# Mine\n");
  }

  @Test
  void aReportThatCannotBeWrittenIsRefusedBeforeTheRun() throws Exception {
    Files.createFile(folder.resolve("file"));

    assertThat(refused("file/chaos.md").err()).contains("cannot be written");
    assertThat(refused(".").err()).contains("cannot be written");
  }

  private Shell.Result refused(String report) {
    Shell shell = new Shell(folder);
    // The driver is refused too, should the run begin.
    Shell.Result result = shell.run("chaos", "run", "--driver", "none", "--report", report);
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(shell.home()).doesNotExist();
    return result;
  }
}
