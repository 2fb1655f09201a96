package dev.slipway.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.api.FakePlatform;
import dev.slipway.cli.api.FakePlatform.Reply;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// A password that the command made up reaches whoever asked for it, whatever becomes of the
/// waiting.
class DatabaseCommandTest {

  private static final String INFO =
      """
      {"PostgresInstanceName":"main","Status":"available","HostName":"localhost","Port":41234,
       "DatabaseUsername":"owner_1"}
      """;

  @TempDir private Path folder;

  @RegisterExtension private static final FakePlatform platform = FakePlatform.started();

  private Shell shell;

  @BeforeEach
  void signIn() throws IOException {
    platform.signIn(folder, "acme");
    shell = new Shell(folder);
  }

  /// The operation is begun, and cannot be looked at any more.
  private void losesTheOperation() {
    platform.answers(
        call ->
            switch (call.line()) {
              case "GET /v1alpha1/acme/databases/userdb/info/main" -> Reply.of(200, INFO);
              case "POST /v1alpha1/acme/databases/userdb",
                  "POST /v1alpha1/acme/databases/userdb/main/credentials" ->
                  Reply.begun("", "iop_1");
              default ->
                  Reply.of(403, "{\"message\":\"no more\",\"statusCode\":403,\"code\":\"lost\"}");
            });
  }

  private String sent(String field) throws IOException {
    return Json.MAPPER
        .readTree(
            platform.calls().stream()
                .filter(call -> call.line().startsWith("POST"))
                .findFirst()
                .orElseThrow()
                .body())
        .path(field)
        .asText();
  }

  @Test
  void madeUpPasswordIsToldBeforeTheWaiting() throws Exception {
    losesTheOperation();

    Shell.Result provision =
        shell.run("db", "provision", "main", "-U", "owner_1", "--generate-password");

    assertThat(provision.exitCode()).isEqualTo(1);
    assertThat(provision.out().lines())
        .containsExactly("Password of owner_1: " + sent("AdminPassword"));
    assertThat(sent("AdminPassword")).hasSizeGreaterThan(20);
  }

  @Test
  void newMadeUpPasswordIsToldBeforeTheWaiting() throws Exception {
    losesTheOperation();

    Shell.Result reset = shell.run("db", "reset-password", "main", "--generate-password");

    assertThat(reset.exitCode()).isEqualTo(1);
    assertThat(reset.out().lines()).containsExactly("Password of owner_1: " + sent("Password"));
  }

  @Test
  void documentOfAFailureTellsTheMadeUpPassword() throws Exception {
    for (List<String> command :
        List.of(
            List.of("db", "provision", "main", "-U", "owner_1", "--generate-password", "--json"),
            List.of("db", "reset-password", "main", "--generate-password", "--json"))) {
      platform.calls().clear();
      losesTheOperation();

      Shell.Result result = shell.run(command.toArray(String[]::new));

      assertThat(result.exitCode()).isEqualTo(1);
      assertThat(result.json().path("code").asText()).isEqualTo("lost");
      assertThat(result.json().path("Password").asText())
          .isNotEmpty()
          .isEqualTo(sent("AdminPassword") + sent("Password"));
    }
  }

  @Test
  void madeUpPasswordThatCannotBeKeptIsToldAllTheSame() throws Exception {
    // Not even root reads or replaces a folder as a file.
    Files.createDirectory(shell.home().resolve("pgpass"));
    for (List<String> command :
        List.of(
            List.of("db", "provision", "main", "-U", "owner_1", "--generate-password"),
            List.of("db", "reset-password", "main", "--generate-password"))) {
      platform.calls().clear();
      platform.answers(call -> Reply.of(200, INFO));

      Shell.Result text = shell.run(command.toArray(String[]::new));
      String told = sent("AdminPassword") + sent("Password");
      platform.calls().clear();
      Shell.Result json =
          shell.run(Stream.concat(command.stream(), Stream.of("--json")).toArray(String[]::new));

      assertThat(List.of(text.exitCode(), json.exitCode())).containsOnly(0);
      assertThat(text.out()).contains("Password of owner_1: " + told);
      assertThat(json.json().path("Password").asText())
          .isEqualTo(sent("AdminPassword") + sent("Password"));
      assertThat(List.of(text.err(), json.err()))
          .allMatch(it -> it.contains("could not be kept on this machine: "));
    }
  }

  @Test
  void whatCannotBeForgottenIsNoFailureOfTheDestroy() throws Exception {
    Files.createDirectory(shell.home().resolve("pgpass"));
    platform.answers(call -> Reply.of(200, call.line().startsWith("GET") ? "[" + INFO + "]" : ""));

    Shell.Result destroyed = shell.run("db", "destroy", "main", "--yes");

    assertThat(destroyed.exitCode()).as(destroyed.err()).isZero();
    assertThat(destroyed.out()).contains("main is gone");
    assertThat(destroyed.err()).contains("could not be removed from this machine: ");
  }

  /// The password of a linked server's role is not the platform's to set.
  @Test
  void newPasswordIsOnlyAdvisedWhereItCanBeSet() throws Exception {
    for (boolean linked : List.of(false, true)) {
      platform.answers(call -> Reply.of(200, INFO.replace("}", ", \"IsLinked\":" + linked + "}")));

      Shell.Result url = shell.run("db", "url", "main", "-S");

      assertThat(url.exitCode()).isEqualTo(2);
      assertThat(url.err())
          .contains("no password of owner_1 on main is kept", "--password-stdin")
          .matches(told -> told.contains("reset-password") != linked);
    }
  }

  @Test
  void chosenPasswordIsNotTold() throws Exception {
    losesTheOperation();

    Shell.Result text =
        shell.runWith(
            "chosen-by-me-1\n", "db", "provision", "main", "-U", "owner_1", "--password-stdin");
    Shell.Result json =
        shell.runWith(
            "chosen-by-me-1\n",
            "db",
            "provision",
            "main",
            "-U",
            "owner_1",
            "--password-stdin",
            "--json");

    assertThat(sent("AdminPassword")).isEqualTo("chosen-by-me-1");
    assertThat(text.out() + text.err() + json.out() + json.err()).doesNotContain("chosen-by-me-1");
    assertThat(json.json().has("Password")).isFalse();
  }
}
