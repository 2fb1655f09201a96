package dev.slipway.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IllegalFormatException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class SlipwayCommandTest {

  @TempDir private Path folder;

  private Shell shell;

  @BeforeEach
  void open() {
    shell = new Shell(folder);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "unknown",
        "db",
        "db provision",
        "db provision main",
        "ops show",
        "org join one",
        "up --no-such",
        "register",
        "bench provision --runs many",
        "audit",
        "orphans",
        "messages",
        "app",
        "app env",
        "app workflow queue",
        "app register shop",
        "app change-database-instance shop",
        "app workflow cancel shop"
      })
  void whatIsCalledWronglyEndsWithTwoAndPointsToHelp(String line) {
    Shell.Result result = shell.run(words(line));

    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).startsWith("slipway: ").contains("--help");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "app deploy",
        "app deploy shop --configFile missing.yaml",
        "app update shop",
        "app logs shop -l 0",
        "app logs shop --follow --json",
        "app versions shop --of 1",
        "app env create shop -s NAME",
        "app env import shop -d missing.env",
        "bench deploy --runs 0"
      })
  void whatMakesNoSenseHereEndsWithTwo(String line) {
    assertThat(shell.run(words(line)).exitCode()).isEqualTo(2);
  }

  @Test
  void aUsageErrorIsJsonOnStandardOutputWhenAskedFor() throws Exception {
    Shell.Result result = shell.run("db", "provision", "--json");

    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.json().path("code").asText()).isEqualTo("usage");
    assertThat(result.err()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "register -u demo,--password-stdin",
    "login -u demo,--password-stdin",
    "login,--password-stdin",
    "db provision main -U demo_db,--generate-password",
    "db reset-password main,--generate-password",
    "db link other -H localhost,--password-stdin"
  })
  void withoutTerminalNothingIsAskedButSaidWhatToPass(String line, String option) {
    Shell.Result result = shell.run(words(line));

    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("no terminal").contains(option);
  }

  @ParameterizedTest
  @ValueSource(strings = {"profile", "db list", "ops list", "org list", "app list"})
  void withoutPlatformItSaysHowToStartIt(String line) {
    Shell.Result result = shell.run(words(line));

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .contains("nothing answers at https://localhost:8443")
        .contains("slipway up");
  }

  @Test
  void everyCommandHasAnExampleAndJson() {
    List<String> lacking = new ArrayList<>();
    CommandLine root = new CommandLine(SlipwayCommand.class, new SurroundedFactory(folder));
    visit(root, lacking);

    assertThat(lacking).isEmpty();
  }

  private static void visit(CommandLine command, List<String> lacking) {
    var spec = command.getCommandSpec();
    if (spec.usageMessage().hidden()) {
      return;
    }
    String name = spec.qualifiedName();
    for (String line : spec.usageMessage().footer()) {
      if (!formats(line)) {
        lacking.add("%s has an example with a bare percent sign: %s".formatted(name, line));
      }
    }
    if (!String.join("\n", spec.usageMessage().footer()).contains("slipway ")) {
      lacking.add(name + " has no example");
    }
    if (spec.usageMessage().description().length == 0) {
      lacking.add(name + " has no description");
    }
    if (command.getSubcommands().isEmpty() && spec.findOption("--json") == null) {
      lacking.add(name + " has no --json");
    }
    command.getSubcommands().values().forEach(it -> visit(it, lacking));
  }

  /// What picocli does with each line; it complains in the middle of the help about one that fails.
  private static boolean formats(String line) {
    try {
      return String.format(Locale.ROOT, line).isEmpty() == line.isEmpty();
    } catch (IllegalFormatException bare) {
      return false;
    }
  }

  @Test
  void statusOfNothingIsOne() throws Exception {
    assertThat(shell.run("status").exitCode()).isEqualTo(1);
    assertThat(shell.run("status", "--json").json().path("running").asBoolean()).isFalse();
  }

  @Test
  void downOfNothingIsNoFailure() {
    Shell.Result result = shell.run("down");

    assertThat(result.exitCode()).isZero();
    assertThat(result.out()).contains("was not running");
  }

  @Test
  void upOnATakenPortNamesItAndTheWayOut() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Shell.Result result =
          shell.with("SLIPWAY_PORT", Integer.toString(taken.getLocalPort())).run("up", "--detach");

      assertThat(result.exitCode()).isEqualTo(1);
      assertThat(result.err())
          .contains("port " + taken.getLocalPort() + " is taken")
          .contains("SLIPWAY_PORT=");
    }
  }

  @Test
  void aPortThatIsNoneIsMisuse() {
    assertThat(shell.with("SLIPWAY_PORT", "84x").run("up", "--detach").exitCode()).isEqualTo(2);
  }

  @Test
  void envIsSafeToEvaluate() {
    Shell.Result result =
        new Shell(folder.resolve("it's mine")).with("DBOS_DOMAIN", "localhost:8443").run("env");

    assertThat(result.out())
        .contains("export DBOS_DOMAIN=localhost:8443\n")
        .contains("export NODE_EXTRA_CA_CERTS='")
        .contains("it'\\''s mine/home/ca/ca.pem'");
  }

  @Test
  void envIsAboutThePlatformOfThisHome() {
    assertThat(shell.with("DBOS_DOMAIN", "localhost:9443").run("env").out())
        .contains("export DBOS_DOMAIN=localhost:8443\n");
  }

  /// A network's own authority, say, without which npm reaches nothing.
  @Test
  void envKeepsWhatIsTrustedAlready() throws Exception {
    Path ours = Files.createDirectories(folder.resolve("home/ca")).resolve("ca.pem");
    Files.writeString(ours, "ours\n");
    Path theirs = Files.writeString(folder.resolve("theirs.pem"), "theirs");

    Shell trusting = new Shell(folder).with("NODE_EXTRA_CA_CERTS", theirs.toString());
    Path both = trusted(trusting);

    assertThat(both).hasContent("ours\ntheirs\n").hasParent(ours.getParent());
    assertThat(trusted(trusting)).as("the same file, the second time").isEqualTo(both);
    assertThat(trusted(new Shell(folder).with("NODE_EXTRA_CA_CERTS", both.toString())))
        .isEqualTo(both);
    assertThat(trusted(new Shell(folder).with("NODE_EXTRA_CA_CERTS", ours.toString())))
        .isEqualTo(ours);
    assertThat(trusted(new Shell(folder).with("NODE_EXTRA_CA_CERTS", "/nowhere.pem")))
        .isEqualTo(ours);
    try (Stream<Path> files = Files.list(ours.getParent())) {
      assertThat(files).containsExactlyInAnyOrder(ours, both);
    }
  }

  private static Path trusted(Shell shell) throws IOException {
    Shell.Result result = shell.run("env", "--json");
    assertThat(result.exitCode()).as(result.err()).isZero();
    return Path.of(result.json().path("NODE_EXTRA_CA_CERTS").asText());
  }

  @Test
  void completionIsAScriptThatKnowsTheCommands() {
    assertThat(shell.run("completion").out()).startsWith("#!").contains("reset-password");
  }

  private static String[] words(String line) {
    return line.isEmpty() ? new String[0] : line.split(" ", -1);
  }
}
