package dev.slipway.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.api.FakePlatform;
import dev.slipway.cli.api.FakePlatform.Reply;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Registering and signing in, as somebody the platform has not seen before.
class RegisterCommandTest {

  private static final String REGISTRATION = "PUT /v1alpha1/user";

  @TempDir private Path folder;

  @RegisterExtension private static final FakePlatform platform = FakePlatform.started();

  private Shell shell;
  private String organization = "acme";

  @BeforeEach
  void knowNobody() throws IOException {
    platform.home(folder.resolve("home"));
    String token = FakePlatform.token(Instant.now().plusSeconds(3600));
    platform.answers(
        call ->
            switch (call.line()) {
              case "POST /oauth/token" ->
                  Reply.of(200, "{\"access_token\":\"%s\"}".formatted(token));
              case "GET /v1alpha1/user/profile" ->
                  platform.lines().contains(REGISTRATION)
                      ? Reply.of(
                          200, "{\"Name\":\"bob\",\"Organization\":\"%s\"}".formatted(organization))
                      : Reply.of(404, "{\"message\":\"no\",\"code\":\"user-not-registered\"}");
              default -> Reply.of(200, "{}");
            });
    shell = new Shell(folder);
  }

  @Test
  void invitationIsReadFromStandardInputAfterThePassword() throws Exception {
    Shell.Result result =
        shell.runWith(
            "password-1\nsecret-1\n", "register", "-u", "bob", "--password-stdin", "-s", "-");

    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(sent("POST /v1alpha1/sign-up", "password")).isEqualTo("password-1");
    assertThat(sent(REGISTRATION, "secret")).isEqualTo("secret-1");
  }

  @Test
  void nothingIsBegunWithoutTheInvitationThatWasPromised() {
    Shell.Result result =
        shell.runWith("password-1\n", "register", "-u", "bob", "--password-stdin", "-s", "-");

    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(platform.calls()).isEmpty();
  }

  @Test
  void folderThatCannotBeWrittenIsNoObstacleToSigningIn() throws Exception {
    // Not even root makes a folder where a file is.
    Files.createFile(folder.resolve(".dbos"));

    Shell.Result registered =
        shell.runWith("password-1\n", "register", "-u", "bob", "--password-stdin", "--json");
    Shell.Result signedIn = shell.runWith("password-1\n", "login", "-u", "bob", "--password-stdin");

    assertThat(registered.exitCode()).as(registered.err()).isZero();
    assertThat(registered.json().path("Name").asText()).isEqualTo("bob");
    assertThat(registered.err()).contains("official command is not signed in here: ");
    assertThat(signedIn.exitCode()).as(signedIn.err()).isZero();
    assertThat(signedIn.err()).contains("official command is not signed in here: ");
    assertThat(shell.run("profile").exitCode()).isZero();
  }

  @Test
  void whoHasAnOwnOrganizationIsToldHowToUseAnInvitation() {
    organization = "bob";
    String[] register = {"register", "-u", "bob", "--password-stdin"};
    assertThat(shell.runWith("password-1\n", register).exitCode()).isZero();

    Shell.Result result = registerWithInvitation();

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .contains("bob is registered already", "slipway org join ORGANIZATION SECRET")
        .doesNotContain("s3cret");
    assertThat(shell.run("profile").exitCode()).as("signed in").isZero();
  }

  @Test
  void whoRepeatsARegistrationWhoseAnswerWasLostIsSignedIn() {
    assertThat(registerWithInvitation().exitCode()).isZero();
    assertThat(registerWithInvitation().exitCode()).isZero();
  }

  private Shell.Result registerWithInvitation() {
    return shell.runWith(
        "password-1\n", "register", "-u", "bob", "--password-stdin", "-s", "s3cret-invitation");
  }

  private static String sent(String line, String field) throws IOException {
    return Json.MAPPER
        .readTree(
            platform.calls().stream()
                .filter(call -> call.line().equals(line))
                .findFirst()
                .orElseThrow()
                .body())
        .path(field)
        .asText();
  }
}
