package dev.slipway.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.api.FakePlatform;
import dev.slipway.cli.api.FakePlatform.Call;
import dev.slipway.cli.api.FakePlatform.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class LogoutCommandTest {

  @TempDir private Path folder;

  @RegisterExtension private static final FakePlatform platform = FakePlatform.started();

  private Path local;
  private Path home;
  private Shell shell;

  @BeforeEach
  void signIn() throws IOException {
    platform.home(folder.resolve("home"));
    local = folder.resolve(".dbos/credentials");
    home = folder.resolve("home/credentials");
    String token = FakePlatform.token(Instant.now().plusSeconds(3600));
    FakePlatform.credentials(local, token, "refresh-here", "acme");
    FakePlatform.credentials(home, token, "refresh-home", "acme");
    shell = new Shell(folder);
  }

  @Test
  void bothRefreshTokensAreRevoked() {
    Shell.Result result = shell.run("logout", "--revoke");

    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).isEqualTo("Signed out.\n");
    assertThat(platform.calls())
        .extracting(Call::line)
        .containsExactly("POST /oauth/revoke", "POST /oauth/revoke");
    assertThat(platform.calls().getFirst().body()).contains("token=refresh-here");
    assertThat(platform.calls().getLast().body()).contains("token=refresh-home");
    assertThat(local).doesNotExist();
    assertThat(home).doesNotExist();
  }

  @Test
  void whatCannotBeRevokedIsKept() {
    platform.answers(call -> Reply.of(503, "{\"message\":\"not now\",\"requestID\":\"r-1\"}"));

    Shell.Result result = shell.run("logout", "--revoke");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .contains("still signed in", "not now", "r-1")
        .contains("`slipway logout`");
    assertThat(local).content().contains("refresh-here");
    assertThat(home).content().contains("refresh-home");
  }

  @Test
  void withoutThePlatformItIsForgottenHereAlone() throws Exception {
    Files.delete(folder.resolve("home/ca/ca.pem"));

    assertThat(shell.run("logout", "--revoke").exitCode()).isEqualTo(1);
    assertThat(shell.run("logout").out()).isEqualTo("Signed out.\n");

    assertThat(platform.calls()).isEmpty();
    assertThat(local).doesNotExist();
    assertThat(home).doesNotExist();
  }
}
